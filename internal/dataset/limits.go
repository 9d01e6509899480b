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

	// OpenWait bounds how long Open waits for another process that is creating, recovering or closing the same file.
	OpenWait = 5 * time.Second
)
