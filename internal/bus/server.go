package bus

import (
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"

	"github.com/nats-io/nats-server/v2/server"
)

// Server is an embedded NATS server.
type Server struct {
	nats *server.Server
	url  string
}

// ServerOptions says how an embedded server is to be run.
type ServerOptions struct {
	Listen      string       // host:port, port 0 = any; "" = 127.0.0.1:0
	File        string       // remembers address and daemon credential over restarts, 0600; "" = none
	Credentials *Credentials // nil = NewCredentials()
	Logger      *slog.Logger // nil = slog.Default()
	MaxPayload  int32        // bytes of one message; 0 = 1 MiB
	Routes      *Routes      // to the servers of other nodes; nil = none
}

// StartServer starts a server and returns when it accepts connections. With Listen's port 0 it takes the port that File
// remembers, if that is free, else any. The caller holds the lock on File's directory.
func StartServer(o ServerOptions) (*Server, error) {
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Credentials == nil {
		o.Credentials = NewCredentials()
	}
	if o.MaxPayload == 0 {
		o.MaxPayload = maxPayload
	}
	host, port, err := chooseAddress(o.Listen, o.File)
	if err != nil {
		return nil, err
	}
	log := &serverLog{log: o.Logger.With("part", "bus")}
	options := &server.Options{
		ServerName:                 "ckpt",
		Host:                       host,
		Port:                       port,
		MaxPayload:                 o.MaxPayload,
		NoSigs:                     true,
		NoLog:                      true,
		NoSystemAccount:            true,
		MaxClosedClients:           closedClientsKept,
		CustomClientAuthentication: o.Credentials,
		Accounts:                   []*server.Account{server.NewAccount(controlAccount)},
	}
	if o.Routes != nil {
		if err := o.Routes.apply(options); err != nil {
			return nil, fmt.Errorf("embedded bus: %w", err)
		}
	}
	ns, err := server.NewServer(options)
	if err != nil {
		return nil, fmt.Errorf("embedded bus: %w", err)
	}
	control, err := ns.LookupAccount(controlAccount)
	if err != nil {
		return nil, fmt.Errorf("embedded bus: account %s: %w", controlAccount, err)
	}
	o.Credentials.mu.Lock()
	o.Credentials.control = control
	o.Credentials.mu.Unlock()
	ns.SetLoggerV2(log, false, false, false)
	ns.Start()
	if !ns.ReadyForConnections(startTimeout) {
		ns.Shutdown()
		ns.WaitForShutdown()
		return nil, fmt.Errorf("embedded bus does not listen on %s: %s", net.JoinHostPort(host, strconv.Itoa(port)), log.reason())
	}
	s := &Server{nats: ns, url: "nats://" + ns.Addr().String()}
	o.Credentials.mu.Lock()
	o.Credentials.kick = func(id uint64) { _ = ns.DisconnectClientByID(id) } // it may be gone already
	o.Credentials.mu.Unlock()
	if o.File != "" {
		user, password := o.Credentials.DaemonUser()
		if err := writeAddress(o.File, address{URL: s.url, User: user, Password: password}); err != nil {
			s.Stop()
			return nil, err
		}
	}
	return s, nil
}

// chooseAddress resolves listen and, for port 0, prefers the port in file.
func chooseAddress(listen, file string) (host string, port int, err error) {
	tcp, err := net.ResolveTCPAddr("tcp", listen)
	if err != nil {
		return "", 0, fmt.Errorf("embedded bus: listen address %q: %w", listen, err)
	}
	host = "0.0.0.0"
	if len(tcp.IP) != 0 {
		host = tcp.IP.String()
	}
	if tcp.Port != 0 {
		if err := free(host, tcp.Port); err != nil {
			return "", 0, fmt.Errorf("embedded bus: %w", err)
		}
		return host, tcp.Port, nil
	}
	if a, err := readAddress(file); err == nil {
		_, p, _ := net.SplitHostPort(strings.TrimPrefix(a.URL, "nats://"))
		if port, err := strconv.Atoi(p); err == nil && port > 0 && free(host, port) == nil {
			return host, port, nil
		}
	}
	return host, server.RANDOM_PORT, nil
}

// free tells beforehand what the server would only find out after its own, longer wait.
func free(host string, port int) error {
	l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return err
	}
	return l.Close()
}

// URL is where clients connect: nats://host:port, without a credential.
func (s *Server) URL() string { return s.url }

// InProcessConn makes a connection that does not leave the process (see nats.InProcessServer).
func (s *Server) InProcessConn() (net.Conn, error) { return s.nats.InProcessConn() }

// Stop disconnects everybody and returns when the server has ended. Address and credential stay in File.
func (s *Server) Stop() {
	s.nats.Shutdown()
	s.nats.WaitForShutdown()
}

// serverLog passes on what an operator can do something about; what clients did is for them to say.
type serverLog struct {
	log *slog.Logger

	mu   sync.Mutex
	last error
}

func (l *serverLog) reason() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last == nil {
		return fmt.Sprintf("no answer within %v", startTimeout)
	}
	return l.last.Error()
}

func (l *serverLog) Noticef(format string, v ...any) { l.log.Debug(fmt.Sprintf(format, v...)) }
func (l *serverLog) Warnf(format string, v ...any)   { l.log.Warn(fmt.Sprintf(format, v...)) }
func (l *serverLog) Errorf(format string, v ...any)  { l.log.Warn(fmt.Sprintf(format, v...)) }
func (l *serverLog) Debugf(string, ...any)           {}
func (l *serverLog) Tracef(string, ...any)           {}

// Fatalf is called when the server can't start; unlike NATS' own, this does not end the process.
func (l *serverLog) Fatalf(format string, v ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = fmt.Errorf(format, v...)
}
