package daemon

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"libckpt/internal/config"
	"libckpt/internal/release"
	"libckpt/internal/rundir"
	"libckpt/nodedirector"
)

// RunNode is the node director's program: it returns when it was told to stop and has stopped.
func RunNode(c *config.Config) error {
	return run(c, EmbedBus, func(s *service) error { return s.startNode(1, c.Controller) })
}

// startNode starts node k (from 1) of the process.
func (s *service) startNode(k int, controller bool) error {
	c := s.c
	name := nodeName(c.Node, k)
	dir := rundir.Node(c.RunDir, k)
	if err := prepareRunDir(dir); err != nil {
		return err
	}
	segments := filepath.Join(dir, rundir.Segments)
	if c.SegmentDir != "" {
		segments = rundir.Node(c.SegmentDir, k)
	}
	if err := rundir.Prepare(segments, 0o700); err != nil {
		return err
	}
	if !rundir.InMemory(segments) {
		s.log.Warn("replicas are not on tmpfs: updates may wait for a disk", "node", name, "directory", segments)
	}
	copies, err := prepareCopies(c, name)
	if err != nil {
		return err
	}
	conn, err := s.bus.Connect(s.ctx, "ckptnd "+name)
	if err != nil {
		return err
	}
	links, err := s.bus.Links(s.ctx, c, k)
	if err != nil {
		return err
	}
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	o := nodedirector.Options{
		Cluster:         c.Cluster,
		Node:            name,
		Host:            host,
		RunDir:          dir,
		SegmentDir:      segments,
		PersistDir:      copies,
		Persist:         policies[c.Persist],
		Continue:        c.Headless == "continue",
		Conn:            conn,
		ControlConn:     links.Control,
		UpdateConn:      links.Update,
		PeerListen:      links.PeerListen,
		PeerToken:       links.Token,
		PeerTLS:         links.TLS,
		BusURLs:         s.bus.urls,
		BusUser:         s.bus.applicationUser,
		BusPassword:     s.bus.password,
		Controller:      controller,
		ReplicasMax:     c.ReplicasMax,
		SharedMemoryMax: c.SharedMemoryMax,
		WriteMax:        c.WriteMax,
		StagingMax:      c.StagingMax,
		SocketMode:      c.SocketMode,
		Release:         release.Version,
		Logger:          s.log,
	}
	if s.bus.credentials != nil {
		o.Credentials = s.bus.credentials
	}
	n, err := nodedirector.Start(s.ctx, o)
	if err != nil {
		return err
	}
	s.parts = append(s.parts, started{n, "director to register node " + name})
	return nil
}

// policies are the values of the configuration key persist.
var policies = map[string]nodedirector.Persist{
	"auto": nodedirector.PersistAuto, "always": nodedirector.PersistAlways, "never": nodedirector.PersistNever,
}

// prepareCopies makes the directory for a node's copies of replicas on disk. Where nothing is to be kept and nothing ever
// was, it makes none and returns "".
func prepareCopies(c *config.Config, node string) (string, error) {
	dir := filepath.Join(c.DataDir, rundir.Copies, node)
	if c.Persist == "never" {
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			return "", nil
		}
	}
	for _, d := range []string{c.DataDir, filepath.Dir(dir), dir} {
		if err := rundir.Prepare(d, 0o700); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// prepareRunDir makes a run directory: root's is there for every user's applications.
func prepareRunDir(dir string) error {
	mode := os.FileMode(0o700)
	if os.Geteuid() == 0 {
		mode = 0o755
	}
	return rundir.Prepare(dir, mode)
}
