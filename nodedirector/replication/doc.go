// Package replication decides how the replicas of a checkpoint on several nodes are kept equal, and by whom they may be
// read and changed. It knows no clock, no goroutine and no I/O but a Store: events go in, effects come out, as in
// etcd-io/raft. The protocol is primary-backup with an external configuration manager (PacificA: Lin, Yang, Zhang, Zhou
// 2008) with marks on what is not committed (CRAQ: Terrace, Freedman 2009).
//
// # Words
//
// The directors give each checkpoint a configuration: the node of its active replica, the in-sync set, the nodes that join.
// It has an epoch, which is raised whenever the active moves or the in-sync set shrinks, and a version, which is raised
// with every change of any configuration. A node adopts configurations in the order of their versions; the ones it was
// told of in an answer may be ahead. An update is applied when the store has it, committed when every node that counts
// has applied it, and answered when it is committed. A section is marked from before an update of it is applied until it
// is known to be committed; a deleted one leaves a marked tombstone.
//
// # Where to find what
//
//	core.go       Core: what one node knows of one checkpoint; the inputs; effects.go the outputs; store.go the replica
//	decide.go     an update against attributes and sections; choose.go the order of sections
//	config.go     a configuration is adopted: roles, what has to be waited for
//	pairs.go      the leases between two nodes
//	lead.go       the active: admits and applies; commit.go commits and answers
//	link.go       the active's end of the numbered stream to one other replica; follow.go the other end
//	reconcile.go  a follower that is in sync is made equal to the active; copier.go any follower is
//	join.go       a replica that was filled is proposed for the in-sync set
//	reads.go      who may read; forward.go and origin.go requests between nodes; request.go those of this node
//	headless.go   an active that goes on without the others; branch.go updates that only some have
//	results.go    answers kept with the replica, by which a repeated request is known, and retire.go until when; tail.go what is not committed
//	guard_*.go    the conditions on which all depends, each with a deliberate mistake behind a build tag ckpt_bug_*
//
// # Leases
//
// Nodes that share a configuration send each other Beats. A Beat of Y echoes the last one heard from X. By that Y promises:
// of whatever checkpoint I take X for the active one, until Grace after I heard that beat I shall neither be active in a
// later epoch nor, if I am the active one and X follows, commit anything without X. X counts on it for Lease from when it
// had sent the beat, which was earlier. As Grace > Lease * 1.2, X ceases to count before Y ceases to be bound, if no clock
// runs faster than another by more than a fifth. A node director that has just started takes itself to be bound to
// everybody for Grace, since its predecessor may have been; and it withdraws the leases in the headers of its segments
// before it sends a Beat.
//
// X counts an echo only when X has adopted every version that Y knew of (Beat.Known); until then it is kept aside. So if Y
// had left an epoch when it answered, X has left that epoch too when it counts the answer. Versions are those of one
// generation of the directors' store. When a store is lost, X may have missed its last ones, whatever it hears from the next;
// so in an epoch of one generation X counts nothing that Y said when it knew of a later one. A checkpoint that waits to be
// restored is idle once its nodes have heard of the new directors.
//
// A Beat of X also says how long X may still count on each third node (Beat.Support), and from which generation on.
//
//	The active X acts in an epoch (commits, reads, answers asynchronous updates) while it counts on every node Y of the
//	required set, and Y has adopted that epoch (it has answered a Begin in it).
//	A follower F reads in an epoch while it counts on the active X, knows X to have counted on all other nodes of the
//	required set (Beat.Support), and X has committed something in that epoch (the Base of F's link).
//	A node Z that becomes active in a later epoch acts only when its promise to the old active has ended.
//	An active that goes on in a later epoch without F commits only when its promise to F has ended.
//
// The required set is the in-sync set and the nodes the active may have got into it. Only who has acted in its epoch asks
// the director to add a joiner; before it asks it requires the joiner, keeps that in its replica (Kept.Proposed), and tells
// the followers (ItemRequire).
//
// Why no two nodes act at one time. Let X act in epoch e, and let Z be the first to act in a later one, f. Nobody acted in
// between, so nobody but X proposed anybody; so the in-sync set of f is part of what X requires, and Z is in it. X counts
// on Z only after Z has adopted e. When Z adopts f, or an epoch between, it waits until its promise to X has ended; X's
// count of it has ended by then. What Z answers later says Known >= the version of f; before X counts that, it has adopted
// that version and has left e, if f is of e's generation; if it is of a later one, X does not count it in e. By induction this holds for all pairs of epochs.
//
// Why no read is stale. Let F read in epoch e a section without a mark. Committed updates that F has applied are no
// problem. One that F has not applied was committed without F: by an active that did not require F. Was it X, the active
// of e? X requires F in e; if X leaves e, it waits for the end of its promise to F. Was it Z, in a later epoch f that lacks
// F? (If f has F in sync, Z needs F's answer in f, and F has left e by then.) As above Z is in the required set of e, F
// knows that, and read while X counted on Z: F's lease ends when Z's promise to X does, and Z waited for that.
// The same holds if X and F are cut off together from Z: X may go on to answer F, but has nothing to say of Z.
// That X has committed the Base in e shows that all of the required set have adopted e, so that their promises to X count
// for it.
//
// A wait can be cut short by a Release: the other says that it has adopted the new epoch, and so neither acts nor reads in
// an earlier one. If the old active has released, those that the new configuration lacks may still read by what it had
// granted: they have to release, too. A node director that has been started anew since releases whatever its predecessor
// had.
//
// A sole replica needs nobody. After a restart it has to know that nobody can have been added: Kept.Proposed. And that
// nobody dropped can be reading still: Kept.Settled is the epoch in which it has acted before; else it waits for Grace.
//
// # Update numbers
//
// They never go back and no two updates share one. When the active of a new epoch begins, it leaves out EpochGap numbers
// for each epoch passed since its replica was last on the branch of an active (Kept.Branch). Updates that only some
// replicas have are fewer than WindowItems, so what another active gave out in an epoch between differs. Two sections with
// the same number therefore are equal. (An active that went on alone may have made more. Is its node still in sync, the next
// active learns how far it got before it begins; else its replica is filled anew, and no number of it is looked at.)
//
// # A new epoch
//
// The active sends a Begin; the follower reports its number and marked sections. ALL_REPLICAS: all committed updates are in
// both replicas, so they differ at most in sections that one of them has marked. The active sends those of its own and the
// follower's (all of them: which numbers are on which branch cannot be told from their order), and the results likewise; and
// those of sessions of whose end only one of the two knows.
// The follower puts them aside and makes them its own in one step at Base, so that an update of several sections is never
// half undone. No updates are begun while a required link is not open. When all have acknowledged Base, everything up to
// it is committed.
//
// Asynchronous: the new active first fetches from the in-sync followers the updates that follow its own last one, since
// all of them have to adopt the epoch anyway. Then it serves. A follower that lacks updates gets them from the recent ones;
// if these do not reach back far enough, or it has updates that nobody else had, it is filled anew, and the latter are
// counted (EffectLost).
//
// The same is done when the link to a follower begins anew in the same epoch.
//
// # Going on alone
//
// With Options.Continue the active of an asynchronous checkpoint does not need the support of the others once it has acted
// in its epoch (Kept.Settled): it admits, answers and reads when its leases are over, until it is given a configuration, or
// another node tells it of a later epoch (Release, Begin). So it asks those that are silent again and again. After a start of
// its node director it first waits for ContinueAfter, for it may have been replaced and the directors will say so.
//
// What is given up: that no two nodes act at one time. If the directors have made another node active, both answer updates
// and reads. When they meet, or the earlier one hears of a director, the later epoch counts: the earlier active stops, and its
// replica is filled anew. Its updates since they parted (Kept.Left says where) are counted by the later active (EffectLost). Synchronize is not touched by this: it needs the
// acknowledgement of all in-sync replicas. Nor are ALL_REPLICAS checkpoints.
//
// Applications read the segment of an active that goes on under a lease of their own, renewed by its node director.
//
// # Joining
//
// All sections are copied in pieces while updates go on, in the one order of the link. When Base is acknowledged the
// active requires the joiner; when it has all that was committed before, the active keeps that it is proposed, tells the
// others, and asks the director.
//
// # Exactness
//
// A request is named by session, slot and number; its answer is recorded in the same step as its update, on all replicas.
// The active looks there first. A request is forwarded under a Seq that it keeps; an active carries out a Seq once, and
// none below the highest Floor it has heard of or given up otherwise: so a late copy is not carried out after a later
// request was answered. Answers go when their session is said to have ended, which is an update of its own; and those of a
// session that makes no updates for so long that none of its requests can be alive, since nobody may be left to say so. An
// answer counts only for the epoch in which the request was last sent. A refusal is answered when everything that it rests
// on is committed. A read at the active that sees something uncommitted is carried out at once and answered when that is
// committed: waiting for an unmarked moment could last for ever.
package replication
