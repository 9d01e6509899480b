package agent

import "time"

// Limits and times of the agent.
const (
	// DefaultTimeout bounds a call whose context has no deadline.
	DefaultTimeout = 10 * time.Second
	// QueueMax is the number of notifications that may wait in one Library.
	QueueMax = 65536
	// QueueDataMax is the number of bytes of section data that may wait in one Library; what is beyond is read again.
	QueueDataMax = 16 << 20

	reconnectMin = 10 * time.Millisecond // pause after a failed attempt to connect; doubles up to reconnectMax
	reconnectMax = 200 * time.Millisecond
	helloTimeout = 2 * time.Second // for the node director to answer Hello
	busTimeout   = 2 * time.Second // for the bus to accept a connection
	busPing      = 5 * time.Second // between signs of life of the bus; two missing ones end the connection
	resendEvery  = time.Second     // an unanswered request is sent again
	againMin     = 2 * time.Millisecond
	againMax     = 100 * time.Millisecond // pause before a request turned away is sent again: againMin, doubling
	// A request that was turned away is not sent again this shortly before its deadline: whether it was done is known
	// only when the answer to its last copy is back.
	lastChance = 100 * time.Millisecond
	checkEvery = 5 * time.Second // between checks that no event was lost

	waitersMax    = 65536    // requests that wait for a slot
	inlineBytes   = 64 << 10 // data up to this size is encoded and sent by the calling thread
	backlogBytes  = 1 << 20  // taken from us, but not by the kernel: further pieces of data wait
	pieceBytesMin = 4 << 10  // less room beside a request's body in one message is too little
	frameOverhead = 256      // bytes of a frame beside body and data, at most
	heldMax       = 4096     // events of one checkpoint kept while a gap before them is repaired
	sessionsMax   = 64       // own sessions remembered, to know the updates made in them
	earlyMax      = 1024     // checkpoints with events that came before the reply to their open
	lateMax       = 1024     // opens that ended with Timeout whose answers are still expected
	socketBytes   = 64 << 10 // longest packet on the session socket
	timerMax      = time.Hour
)
