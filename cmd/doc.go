// Package redustcmd is the program around the engine: it reads the configuration, sets the process up, tells a person or a supervisor
// what happens, and connects families, server and services. A binary is a list of families given to Main.
//
// The configuration's path: [Configure] fills the table of options, which has the embedded defaults, from the file (redis.conf, YAML
// or TOML), standard input, the environment and the flags, all through koanf, and [Config.Rewrite] writes it back as CONFIG REWRITE
// does. The process's: [Begin] answers --version and --help, reads the configuration, goes into the background, and sets up working
// directory, log, pid file, supervisor and open files; [Listen] opens the sockets; [HandleSignals] stops it.
package redustcmd
