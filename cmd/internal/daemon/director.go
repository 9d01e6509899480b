package daemon

import (
	"libckpt/director"
	"libckpt/internal/certificate"
	"libckpt/internal/config"
	"libckpt/internal/rundir"
)

// RunDirector is the director's program: it returns when it was told to stop and has stopped.
func RunDirector(c *config.Config) error { return run(c, FindBus, (*service).startDirector) }

func (s *service) startDirector() error {
	c := s.c
	if err := rundir.Prepare(c.DataDir, 0o700); err != nil {
		return err
	}
	conn, err := s.bus.Connect(s.ctx, "ckptd "+c.Node)
	if err != nil {
		return err
	}
	var peers []director.Peer
	for _, p := range c.Directors {
		peers = append(peers, director.Peer{ID: p.Name, Address: p.Address})
	}
	d, err := director.Start(s.ctx, director.Options{
		Cluster:     c.Cluster,
		ID:          c.Node,
		DataDir:     c.DataDir,
		Conn:        conn,
		Bootstrap:   true,
		RaftListen:  c.RaftListen,
		Directors:   peers,
		VotingOnly:  c.VotingOnly,
		TLS:         certificate.Files{Certificate: c.TLSCert, Key: c.TLSKey, CA: c.TLSCA},
		NodeTimeout: c.NodeTimeout,
		NodeForget:  c.NodeForget,
		Logger:      s.log.With("part", "director"),
	})
	if err != nil {
		return err
	}
	s.parts = append(s.parts, started{d, "directors to elect the active one"})
	s.ended, s.why = d.Done(), d.Err
	return nil
}
