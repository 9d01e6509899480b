package daemon

import (
	"context"
	"errors"
	"log/slog"

	"libckpt/director"
	"libckpt/internal/config"
	"libckpt/internal/rundir"
)

// RunDirector is the director's program: it returns when it was told to stop and has stopped.
func RunDirector(c *config.Config) (err error) {
	ctx, cancel := UntilStopped()
	defer cancel()
	log := NewLogger(c)
	b, err := FindBus(c, log)
	if err != nil {
		return err
	}
	defer b.Close()
	d, err := startDirector(ctx, c, b, log)
	if err != nil {
		return unlessStopped(ctx, err)
	}
	defer func() { err = errors.Join(err, stop(d)) }()
	return serve(ctx, c, log, d.Done(), d.Err, awaited{"leader of the directors", d.Ready()})
}

func startDirector(ctx context.Context, c *config.Config, b *Bus, log *slog.Logger) (*director.Director, error) {
	if err := rundir.Prepare(c.DataDir, 0o700); err != nil {
		return nil, err
	}
	conn, err := b.Connect(ctx, "ckptd "+c.Node)
	if err != nil {
		return nil, err
	}
	return director.Start(ctx, director.Options{
		Cluster:     c.Cluster,
		ID:          c.Node,
		DataDir:     c.DataDir,
		Conn:        conn,
		Bootstrap:   true,
		NodeTimeout: c.NodeTimeout,
		NodeForget:  c.NodeForget,
		Logger:      log.With("part", "director"),
	})
}
