package dataset

import "time"

// Limits and times of this package.
const (
	// DataMax is the most data of one record, bytes; SQLite's own limit for a row is not far above.
	DataMax = 900 << 20

	// walLimit is what a write-ahead log is cut back to when it is started anew or its last connection is closed, bytes.
	walLimit = 4 << 20
	// cacheKiB is the page cache of one connection.
	cacheKiB = 1024

	// connectionsMax bounds the databases that a process has open, with four descriptors each, as long as no more of them
	// are in use at a time.
	connectionsMax = 32

	// seatPause lies between two looks whether a thread of the application has ended its call.
	seatPause = 50 * time.Microsecond
	// lockPause lies between two attempts to lock a directory.
	lockPause = time.Millisecond

	// elementsMax is how many elements a dataset numbers before it numbers them anew.
	elementsMax = 1<<31 - 2

	// OpenWait bounds how long Open waits for another process that is creating, recovering or closing the same file.
	OpenWait = 5 * time.Second
)
