// Package simulation runs clusters in one process, in simulated time, from a seed: the cores of node directors and directors
// and real segments, with everything around them modelled and made to fail. docs/testing.md says what goes wrong and what
// must hold all the same.
//
// world.go has the time and the events, run.go the course of a run. node.go is a machine, nodedirector.go the process around
// the cores on it, directorlink.go its dealings with the directors (directors.go), session.go its sessions, client.go the
// applications. faults.go makes trouble. records.go keeps what clients saw; check.go judges it, watch.go the replicas.
package simulation
