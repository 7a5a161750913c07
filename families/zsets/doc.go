// Package zsets is the sorted-set family.
package zsets
