package daemon

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/nats-io/nats.go"

	"libckpt/internal/bus"
	"libckpt/internal/config"
	"libckpt/internal/rundir"
)

// Bus is the NATS server of a process: embedded in it, or another's.
type Bus struct {
	log    *slog.Logger
	conns  []*nats.Conn
	lock   *os.File    // of the run directory, with an embedded server
	server *bus.Server // nil: external, or another process's

	connect bus.Options // to this server, Name left open

	// What node directors tell applications.
	urls                      []string
	credentials               *bus.Credentials // nil with an external server
	applicationUser, password string
}

// EmbedBus makes the bus of a process that has a node director: the external servers of c if it names some, else a
// server of its own. It makes the run directory.
func EmbedBus(c *config.Config, log *slog.Logger) (*Bus, error) {
	if err := prepareRunDir(c.RunDir); err != nil {
		return nil, err
	}
	b := &Bus{log: log}
	toOthers, err := routes(c)
	if err != nil {
		return nil, err
	}
	if len(c.NATS) != 0 {
		return b, b.external(c)
	}
	lock, err := rundir.Lock(filepath.Join(c.RunDir, rundir.BusLock))
	if err != nil {
		return nil, err
	}
	b.lock = lock
	b.credentials = bus.NewCredentials()
	b.server, err = bus.StartServer(bus.ServerOptions{
		Listen:      c.Listen,
		File:        filepath.Join(c.RunDir, rundir.BusFile),
		Credentials: b.credentials,
		Routes:      toOthers,
		Logger:      log,
	})
	if err != nil {
		lock.Close()
		return nil, err
	}
	b.urls = []string{b.server.URL()}
	b.connect = bus.Options{Server: b.server}
	b.connect.User, b.connect.Password = b.credentials.DaemonUser()
	return b, nil
}

// FindBus makes the bus of a process without a node director: the external servers of c if it names some, else the one
// that the node director on the same run directory embeds, whenever it starts.
func FindBus(c *config.Config, log *slog.Logger) (*Bus, error) {
	b := &Bus{log: log}
	if len(c.NATS) != 0 {
		return b, b.external(c)
	}
	b.connect = bus.Options{File: filepath.Join(c.RunDir, rundir.BusFile)}
	return b, nil
}

func (b *Bus) external(c *config.Config) error {
	password, err := readPassword(c.NATSPasswordFile)
	if err != nil {
		return err
	}
	b.urls = c.NATS
	b.connect = bus.Options{URLs: c.NATS, User: c.NATSUser, Password: password}
	b.applicationUser, b.password = c.NATSUser, password
	if c.ApplicationUser != "" || c.ApplicationPasswordFile != "" {
		b.applicationUser = c.ApplicationUser
		if b.password, err = readPassword(c.ApplicationPasswordFile); err != nil {
			return err
		}
	} else if c.NATSUser != "" {
		b.log.Warn("applications get the daemons' credential on the bus: configure application-user")
	}
	if (b.connect.User == "") != (b.connect.Password == "") || (b.applicationUser == "") != (b.password == "") {
		return errors.New("a user name on the bus and its password file go together")
	}
	return nil
}

// Connect returns a connection for one daemon of the process. It waits for the server until ctx ends.
func (b *Bus) Connect(ctx context.Context, name string) (*nats.Conn, error) {
	return b.dial(ctx, name, b.connect)
}

// connectDirect is Connect for messages that are to be sent at once, see bus.Options.
func (b *Bus) connectDirect(ctx context.Context, name string) (*nats.Conn, error) {
	o := b.connect
	o.Direct = true
	return b.dial(ctx, name, o)
}

// connectControl is connectDirect for messages between node directors that must not wait behind others. Between servers that
// others run, they share a connection with the rest.
func (b *Bus) connectControl(ctx context.Context, name string) (*nats.Conn, error) {
	o := b.connect
	o.Direct = true
	if b.credentials != nil {
		o.User, o.Password = b.credentials.ControlUser()
	}
	return b.dial(ctx, name, o)
}

func (b *Bus) dial(ctx context.Context, name string, o bus.Options) (*nats.Conn, error) {
	o.Name, o.Logger = name, b.log
	c, err := bus.Connect(ctx, o)
	if err == nil {
		b.conns = append(b.conns, c)
	}
	return c, err
}

// Close closes the connections and stops an embedded server.
func (b *Bus) Close() {
	for _, c := range b.conns {
		c.Close()
	}
	if b.server != nil {
		b.server.Stop()
	}
	if b.lock != nil {
		b.lock.Close()
	}
}
