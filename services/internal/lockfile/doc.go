// Package lockfile keeps a directory to one process at a time. The lock is
// the operating system's: it ends with the process however that ends, so a
// file that is left behind blocks nobody.
package lockfile
