package simulation

import (
	"fmt"
	"time"

	"libckpt/internal/wire"
)

// profile is what kind of cluster, load and trouble a seed stands for.
type profile struct {
	nodes          int
	controllers    int
	clientsPerNode int
	operations     int // calls in all, roughly
	think          time.Duration
	checkpoints    []spec
	sections       int // of sectionNames that are used
	size           int // bytes of a value
	pageBytes      int // of configurations in an answer of the directors; 0 = as the product has it
	weights        [opEnd + 1]int
	faultEvery     time.Duration // on average; 0 = none
	faults         []fault
	loss, double   float64 // of messages, all the time
	alone          bool    // "headless: continue"
}

// spec is a checkpoint that clients open.
type spec struct {
	name  string
	flags uint32
}

// Limits of a run.
const (
	eventsMax     = 2_000_000
	operationsMax = 180 // on one section: what the checker is given
	expiriesMax   = 15  // of that section besides
)

// drawProfile chooses one.
func drawProfile(w *world) profile {
	p := profile{
		nodes: 3, controllers: 2 + w.rng.IntN(2), clientsPerNode: 1 + w.rng.IntN(2), operations: 100 + w.rng.IntN(150),
		think: w.between(5*time.Millisecond, 60*time.Millisecond), sections: 1 + w.rng.IntN(len(sectionNames)), size: 16,
		faultEvery: w.between(100*time.Millisecond, 900*time.Millisecond),
	}
	switch w.rng.IntN(8) {
	case 0:
		p.nodes = 2
	case 1, 2:
		p.nodes = 4
	case 3:
		p.nodes, p.clientsPerNode = 5, 1
	}
	p.controllers = min(p.controllers, p.nodes)
	all := uint32(wire.FlagAllReplicas)
	if w.chance(0.5) {
		all |= wire.FlagCollocated
	}
	asynchronous := uint32(wire.FlagActiveReplica)
	if w.chance(0.3) {
		asynchronous = wire.FlagActiveWeak
	}
	if w.chance(0.6) {
		asynchronous |= wire.FlagCollocated
	}
	switch w.rng.IntN(6) {
	case 0, 1, 2:
		p.checkpoints = []spec{{"x", all}}
	case 3:
		p.checkpoints = []spec{{"y", asynchronous}}
	default:
		p.checkpoints = []spec{{"x", all}, {"y", asynchronous}}
	}
	p.weights = [...]int{
		opCreate: 8, opGenerate: 2, opDelete: 4, opWrite: 10, opOverwrite: 16, opRead: 40, opList: 4, opSynchronize: 5,
		opActive: 4, opClose: 1, opUnlink: 1, opEnd: 1,
	}
	if w.chance(0.3) {
		p.weights[opDelete], p.weights[opCreate] = 12, 16
	}
	if w.chance(0.4) {
		p.weights[opExpiration] = 4
	}
	if w.chance(0.3) {
		p.pageBytes = 1
	}
	if w.chance(0.05) {
		p.size = 700 << 10 // more than a piece of a copy
		p.operations = 60
	}
	p.drawFaults(w)
	if w.chance(0.15) {
		p.alone = true
		p.checkpoints = []spec{{"x", all}, {"y", asynchronous &^ wire.FlagCollocated}} // the directors move its active
	}
	return p
}

// drawFaults chooses what goes wrong: often only some things, so that they meet often.
func (p *profile) drawFaults(w *world) {
	for f := range fault(faultKinds) {
		if w.chance(0.5) {
			p.faults = append(p.faults, f)
		}
	}
	if w.chance(0.1) {
		p.faults = append(p.faults, faultStore)
	}
	if len(p.faults) == 0 {
		p.faults = []fault{faultKill}
	}
	switch w.rng.IntN(3) {
	case 0:
		p.loss, p.double = 0.02, 0.02
	case 1:
		p.loss, p.double = 0.1*w.rng.Float64(), 0.1*w.rng.Float64()
	}
}

func (p *profile) String() string {
	return fmt.Sprintf("%d nodes (%d controllers), %d clients each, %d operations, checkpoints %v, %d sections of %d bytes, "+
		"a fault in %v of %v, loss %.2f, alone %v", p.nodes, p.controllers, p.clientsPerNode, p.operations, p.checkpoints,
		p.sections, p.size, p.faultEvery, p.faults, p.loss, p.alone)
}
