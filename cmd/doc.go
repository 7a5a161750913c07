// Package redustcmd is the program around the engine: it reads the configuration, sets the process up, tells a person or a supervisor
// what happens, and connects families, server and services. A binary is a list of families given to Main.
//
// The configuration's path: [NewTable] makes the table of options from the embedded list, [Configure] fills it from the file (redis.conf,
// YAML or TOML), standard input, the environment and the flags, all through koanf, and [Config.Rewrite] writes it back as CONFIG
// REWRITE does. The process's: [Dispatch] answers --version and --help, then daemon, pid file, working directory, open files,
// signals, supervisor.
package redustcmd
