// Package persistence is the family of the commands that save: SAVE, BGSAVE, LASTSAVE and BGREWRITEAOF. The work
// is done by the service behind core.Persistence; without one the commands answer with an error.
package persistence
