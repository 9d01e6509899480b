package cluster

import "testing"

// replicated says whether node directors replicate. As long as they don't, applications work on host 1 only, which has
// the one replica, and tests of replication are left out.
const replicated = false

// needReplication leaves the test out, counted, as long as node directors don't replicate.
func needReplication(t *testing.T) {
	t.Helper()
	if !replicated {
		t.Skip("left out: needs replication")
	}
}

// routed says whether servers embedded in node directors find each other by routes.
const routed = true

// needRoutes leaves the test out, counted, as long as they don't.
func needRoutes(t *testing.T) {
	t.Helper()
	if !routed {
		t.Skip("left out: needs routes between embedded servers")
	}
}
