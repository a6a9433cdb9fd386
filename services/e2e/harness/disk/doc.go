// Package disk has disks that lose power: what a program wrote and did not sync
// is gone, as it is with a real one. It needs Linux, root, loop devices,
// mkfs.ext4 and mkfs.xfs.
package disk
