// Package daemon is what the service's programs have in common: how they end, log, and put bus, director and node
// director together from a configuration.
package daemon

import "time"

// Limits of the programs.
const (
	stopTimeout   = 10 * time.Second // for each part to stop cleanly
	readyReminder = 5 * time.Second  // between lines that say what a daemon still waits for
	helpColumns   = 100              // width of --help
)
