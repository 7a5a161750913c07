// Package auth is the auth family: AUTH, and the commands of ACL that tell about
// users and categories. Who may do what is decided by the auth service
// (package auth of this module), which core asks as its Authorizer.
package auth
