package nodedirector

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"libckpt/internal/wire"
	"libckpt/nodedirector/replication"
)

// A file beside the segments says up to which versions of the directors' state this node has adopted all configurations.
// The next node director then knows that it has missed nothing, and counts on others although no director answers. It is
// one record, as in a journal, that is written over: a crash leaves it whole, or damaged and so without effect.

const (
	adoptedFile        = "adopted"
	recordAdopted byte = 'A' // adoptedRecord
)

type adoptedRecord struct {
	Boot     string
	Versions []replication.StateVersion
}

func (n *Node) adoptedPath() string { return filepath.Join(n.o.SegmentDir, adoptedFile) }

// readAdopted gives what an earlier node director of this boot had adopted; nil = not known.
func (n *Node) readAdopted() (versions []replication.StateVersion) {
	b, err := os.ReadFile(n.adoptedPath())
	if err == nil {
		err = scanJournal(b, func(_ int, body []byte) error {
			var r adoptedRecord
			if err := wire.Unmarshal(body[1:], &r); err != nil {
				return err
			}
			if body[0] == recordAdopted && r.Boot == n.boot {
				versions = r.Versions
			}
			return nil
		})
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		n.log.Warn("not known which configurations were adopted: replicas here wait for the directors", "reason", err)
	}
	return versions
}

// adopted says that all configurations of a generation of the directors' store up to a version are obeyed.
func (n *Node) adopted(generation, version uint64) {
	if !n.pairs.Adopted(replication.StateVersion{Generation: generation, Version: version}) {
		return
	}
	nudge(n.peers.heard)
	for _, c := range n.checkpointList() {
		c.mu.Lock()
		unkept := !c.gone && c.core.Unkept()
		c.mu.Unlock()
		if unkept {
			return // the next process would not know of its configuration
		}
	}
	b, err := appendRecord(nil, recordAdopted, &adoptedRecord{n.boot, n.pairs.AdoptedVersions()})
	if err == nil {
		err = writeOver(n.adoptedPath(), b)
	}
	if err != nil && n.logAdopted.allow() {
		n.log.Warn("not kept which configurations were adopted: if the node director is restarted, replicas here wait for the directors", "reason", err)
	}
}

// writeOver replaces the beginning of a file with one write.
func writeOver(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(b, 0)
	return errors.Join(err, f.Close())
}
