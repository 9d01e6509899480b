package daemon

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"

	"libckpt/internal/config"
	"libckpt/internal/release"
	"libckpt/internal/rundir"
	"libckpt/nodedirector"
)

// RunNode is the node director's program: it returns when it was told to stop and has stopped.
func RunNode(c *config.Config) (err error) {
	ctx, cancel := UntilStopped()
	defer cancel()
	log := NewLogger(c)
	if err := prepareRunDir(c.RunDir); err != nil {
		return err
	}
	b, err := EmbedBus(c, log)
	if err != nil {
		return err
	}
	defer b.Close()
	n, err := startNode(ctx, c, b, 1, c.Controller, log)
	if err != nil {
		return unlessStopped(ctx, err)
	}
	defer func() { err = errors.Join(err, stop(n)) }()
	return serve(ctx, c, log, nil, nil, awaited{"director to register this node", n.Ready()})
}

// startNode starts node k (from 1) of the process.
func startNode(ctx context.Context, c *config.Config, b *Bus, k int, controller bool, log *slog.Logger) (*nodedirector.Node, error) {
	name := nodeName(c.Node, k)
	dir := rundir.Node(c.RunDir, k)
	if err := prepareRunDir(dir); err != nil {
		return nil, err
	}
	segments := filepath.Join(dir, rundir.Segments)
	if c.SegmentDir != "" {
		segments = rundir.Node(c.SegmentDir, k)
	}
	if err := rundir.Prepare(segments, 0o700); err != nil {
		return nil, err
	}
	if !rundir.InMemory(segments) {
		log.Warn("replicas are not on tmpfs: updates may wait for a disk", "node", name, "directory", segments)
	}
	conn, err := b.Connect(ctx, "ckptnd "+name)
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	o := nodedirector.Options{
		Cluster:         c.Cluster,
		Node:            name,
		Host:            host,
		RunDir:          dir,
		SegmentDir:      segments,
		Conn:            conn,
		BusURLs:         b.urls,
		BusUser:         b.applicationUser,
		BusPassword:     b.password,
		Controller:      controller,
		ReplicasMax:     c.ReplicasMax,
		SharedMemoryMax: c.SharedMemoryMax,
		WriteMax:        c.WriteMax,
		StagingMax:      c.StagingMax,
		SocketMode:      c.SocketMode,
		Release:         release.Version,
		Logger:          log,
	}
	if b.credentials != nil {
		o.Credentials = b.credentials
	}
	return nodedirector.Start(ctx, o)
}

// prepareRunDir makes a run directory: root's is there for every user's applications.
func prepareRunDir(dir string) error {
	mode := os.FileMode(0o700)
	if os.Geteuid() == 0 {
		mode = 0o755
	}
	return rundir.Prepare(dir, mode)
}
