package replication

// Pairs knows the leases between this node and each of the others.
type Pairs struct{}

// PairsOptions are those of Pairs.
type PairsOptions struct {
	Node        string
	Incarnation uint64
	Timing      Timing
	Start       int64 // monotonic ns
	// Adopted is the version up to which an earlier process of this node had adopted all configurations and that its
	// replicas keep; 0 = not known.
	Adopted uint64
}

// NewPairs makes the leases of a node director that has just been started.
func NewPairs(o PairsOptions) *Pairs { return &Pairs{} }

// Learned says that a configuration of this version, or that there is one, is known. It is called before any Core is
// given the configuration.
func (p *Pairs) Learned(version uint64) {}

// Adopted says that all Cores have been given all configurations up to version.
func (p *Pairs) Adopted(now int64, version uint64) {}

// SetPeers gives the nodes that this node shares a configuration with, as a holder of a replica: it sends Beats to them.
func (p *Pairs) SetPeers(now int64, nodes []string) {}

// Receive takes a Beat. restarted: it is the first of a later incarnation than was known; tell the Cores.
func (p *Pairs) Receive(now int64, from string, b *Beat) (restarted bool) { return false }

// Tick makes the Beats that are due.
func (p *Pairs) Tick(now int64) []BeatTo { return nil }

// Wake is when Tick is to be called next.
func (p *Pairs) Wake() int64 { return 0 }

// BeatTo is a Beat and whom it is for.
type BeatTo struct {
	To   string
	Beat *Beat
}
