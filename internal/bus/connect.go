package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
)

// Options says which server a daemon connects to and as whom: Server, File or URLs, whichever is set first.
type Options struct {
	Server         *Server  // in this process; User and Password are its daemon credential
	File           string   // of a server on this host, read again for each attempt to connect
	URLs           []string // any of them
	User, Password string   // "" = none
	Name           string   // of the connection, for the server's operator
	Direct         bool     // what is published is written at once, and that never waits: see Writer
	Logger         *slog.Logger
}

// Connect returns a connection once it stands, or the last reason when ctx ends before that. The connection then
// comes back by itself for as long as it is not closed; at most 8 MiB wait for sending meanwhile.
func Connect(ctx context.Context, o Options) (*nats.Conn, error) {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	log := o.Logger.With("part", "bus")
	opts := []nats.Option{
		nats.Name(o.Name),
		nats.Timeout(dialTimeout),
		nats.MaxReconnects(-1),
		nats.IgnoreAuthErrorAbort(), // a restarted server may know the credential a moment later
		nats.CustomReconnectDelay(reconnectDelay),
		nats.ReconnectBufSize(pendingBytesMax),
		nats.PingInterval(pingInterval),
		nats.MaxPingsOutstanding(pingsOutstanding),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				log.Warn("bus connection lost", "reason", err)
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { log.Info("bus connection is back") }),
		nats.ErrorHandler(func(_ *nats.Conn, s *nats.Subscription, err error) {
			subject := ""
			if s != nil {
				subject = s.Subject
			}
			log.Warn("bus", "reason", err, "subject", subject)
		}),
	}
	urls := strings.Join(o.URLs, ",")
	var dialer nats.CustomDialer
	switch {
	case o.Server != nil:
		urls = o.Server.URL()
		opts = append(opts, nats.UserInfo(o.User, o.Password))
		if !o.Direct {
			opts = append(opts, nats.InProcessServer(o.Server))
		}
	case o.File != "":
		urls = nats.DefaultURL // a formality: the dialer goes where File says
		d := &fileDialer{file: o.File}
		dialer = d
		opts = append(opts, nats.UserInfoHandler(d.user))
	default:
		if o.User != "" {
			opts = append(opts, nats.UserInfo(o.User, o.Password))
		}
	}
	switch {
	case o.Direct && dialer == nil:
		opts = append(opts, direct(plainDialer{}))
	case o.Direct:
		opts = append(opts, direct(dialer))
	case dialer != nil:
		opts = append(opts, nats.SetCustomDialer(dialer))
	}
	return connect(ctx, urls, opts, log)
}

func connect(ctx context.Context, urls string, opts []nats.Option, log *slog.Logger) (*nats.Conn, error) {
	for attempt := 0; ; attempt++ {
		c, err := nats.Connect(urls, opts...)
		if err == nil {
			return c, nil
		}
		if attempt == 0 {
			log.Info("waiting for the bus", "reason", err)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("connect to the bus: %w", err)
		case <-time.After(reconnectDelay(attempt)):
		}
	}
}

func reconnectDelay(attempts int) time.Duration {
	return min(time.Duration(attempts+1)*reconnectWaitStep, reconnectWaitMax)
}

// fileDialer connects to the server that a file describes at the time.
type fileDialer struct {
	file string
	last atomic.Pointer[address] // of the last attempt
}

func (d *fileDialer) Dial(string, string) (net.Conn, error) {
	a, err := readAddress(d.file)
	if err != nil {
		return nil, err
	}
	host, found := strings.CutPrefix(a.URL, "nats://")
	if !found {
		return nil, errors.New(d.file + ": url is not nats://host:port")
	}
	d.last.Store(&a)
	return net.DialTimeout("tcp", host, dialTimeout)
}

func (d *fileDialer) user() (user, password string) {
	a := d.last.Load()
	if a == nil {
		return "", ""
	}
	return a.User, a.Password
}
