package cluster

import "time"

// Limits and sizes of these tests.
const (
	patience    = 30 * time.Second      // for what must come true
	pollEvery   = 20 * time.Millisecond // how often it is looked at
	answerMax   = 60 * time.Second      // for the end of one call: each has a bound of its own below that
	openTimeout = 10 * time.Second      // of the call itself

	// goesOnAfter is when, from its start on, a node director does without others with headless: continue; and a reserve.
	goesOnAfter = 4 * time.Second

	recordBytes      = 64
	sectionsMax      = 1_000_000 // of a checkpoint
	callsMax         = 180       // on one section, then others take its place: what the checker can take, and a reserve
	maybeMax         = 6         // calls on one section of which it is not known whether they were carried out, likewise
	sectionsAtOnce   = 4         // that are worked on
	pauseBetween     = 2 * time.Millisecond
	synchronizeEvery = 40 // calls of one thread on an asynchronous checkpoint
	judgeMax         = 30 * time.Second
	callsAround      = 50              // at least on each checkpoint before a fault, and as many after it
	takeoverMax      = 2 * time.Second // of a call on hosts that nothing has happened to; docs/guarantees.md says so
	flightTime       = takeoverMax + time.Second
	flightThreads    = 3

	writersEach = 8 // on each host
	writersTime = 2 * time.Second

	overlapPercentMin = 20 // of the calls of a test must have met a fault
)
