// Package auth decides who a client is and what it may do. It implements
// core.Authorizer: so far with the default user, which requirepass guards.
//
// A connection begins as the default user. While requirepass is empty it is
// authenticated at once; otherwise it must send AUTH or HELLO with AUTH. Setting
// requirepass while the server runs concerns connections made from then on, as in
// Redis: those that are authenticated stay so.
//
// Passwords are kept as SHA-256 sums and compared in constant time.
package auth
