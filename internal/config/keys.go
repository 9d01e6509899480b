package config

import (
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"libckpt/internal/rundir"
	"libckpt/internal/wire"
)

// Daemon is a set of the programs that have a configuration.
type Daemon uint8

// The programs.
const (
	Up       Daemon = 1 << iota // ckpt up
	Node                        // ckptnd
	Director                    // ckptd
)

const boolKind = "boolean"

const (
	everywhere = Up | Node | Director
	nodes      = Up | Node
	directors  = Up | Director
)

// Key is one line of the table.
type Key struct {
	Name    string // in the file; the flag is --Name
	Kind    string // shape and unit of the value, in one or two words
	Default string // in words where it is computed
	Daemons Daemon // who has the flag; the file may hold keys of the others
	Help    string // one sentence without a full stop
	set     func(c *Config, value string) error
	preset  bool // Default is set through set
}

// Environment is the name of the key's environment variable.
func (k *Key) Environment() string {
	return "CKPT_" + strings.ToUpper(strings.ReplaceAll(k.Name, "-", "_"))
}

// Keys is the table.
var Keys = []Key{
	{Name: "instance", Kind: "name", Default: rundir.DefaultInstance, preset: true, Daemons: everywhere,
		Help: "name of this installation on the machine; part of the default directories",
		set:  token(func(c *Config) *string { return &c.Instance })},
	{Name: "cluster", Kind: "name", Default: "ckpt", preset: true, Daemons: everywhere,
		Help: "name of the cluster; clusters on one bus are told apart by it",
		set:  token(func(c *Config) *string { return &c.Cluster })},
	{Name: "node", Kind: "name", Default: "the host's name", Daemons: everywhere,
		Help: "name of this node, unique in the cluster",
		set:  token(func(c *Config) *string { return &c.Node })},
	{Name: "run-dir", Kind: "directory", Default: "/run/ckpt/INSTANCE; without root $XDG_RUNTIME_DIR/ckpt or /tmp/ckpt-UID",
		Daemons: everywhere,
		Help:    "where applications find the service; sockets, locks and, unless configured, replicas",
		set:     path(func(c *Config) *string { return &c.RunDir })},
	{Name: "data-dir", Kind: "directory",
		Default: "/var/lib/ckpt/INSTANCE; without root $XDG_STATE_HOME/ckpt or ~/.local/state/ckpt", Daemons: everywhere,
		Help: "where the director keeps names, placement and configurations, and a node director copies of replicas",
		set:  path(func(c *Config) *string { return &c.DataDir })},
	{Name: "segment-dir", Kind: "directory", Default: "segments in the run directory", Daemons: nodes,
		Help: "where replicas live; belongs on tmpfs",
		set:  path(func(c *Config) *string { return &c.SegmentDir })},

	{Name: "listen", Kind: "host:port", Default: "127.0.0.1:0", preset: true, Daemons: nodes,
		Help: "address of the embedded NATS server; port 0 takes any, the same as last time if it is free",
		set:  listen},
	{Name: "routes", Kind: "NAME=host:port list", Default: "none", Daemons: nodes,
		Help: "the nodes with an embedded NATS server whose servers are to be one bus, this one included or not; they tell " +
			"each other of further ones",
		set: group("nodes", func(c *Config) *[]Peer { return &c.Routes })},
	{Name: "route-listen", Kind: "host:port", Default: "its address in routes; else none", Daemons: nodes,
		Help: "address where the other nodes' servers reach this one",
		set:  address(func(c *Config) *string { return &c.RouteListen })},
	{Name: "peer-listen", Kind: "host:port",
		Default: "any port of the host in route-listen or routes; with external NATS of the address that it sees; else of listen",
		Daemons: nodes,
		Help: "address where other node directors reach this one, for updates and copies of replicas, port 0 takes any; " +
			"nodes 2, 3, … of ckpt up take any port of the host",
		set: peerListen},
	{Name: "cluster-secret-file", Kind: "file", Default: "none; for streams between node directors the password of nats-user", Daemons: nodes,
		Help: "file whose first line is known to all nodes of the cluster and nobody else: who does not know it gets no route and " +
			"no stream",
		set: path(func(c *Config) *string { return &c.ClusterSecretFile })},
	{Name: "nats", Kind: "URLs", Default: "the embedded server", Daemons: everywhere,
		Help: "external NATS servers, separated by commas",
		set:  urls},
	{Name: "nats-user", Kind: "name", Default: "none", Daemons: everywhere,
		Help: "user name of the daemons on the external servers",
		set:  text(func(c *Config) *string { return &c.NATSUser })},
	{Name: "nats-password-file", Kind: "file", Default: "none", Daemons: everywhere,
		Help: "file whose first line is the password of nats-user",
		set:  path(func(c *Config) *string { return &c.NATSPasswordFile })},
	{Name: "application-user", Kind: "name", Default: "nats-user", Daemons: nodes,
		Help: "user name that applications get for the external servers",
		set:  text(func(c *Config) *string { return &c.ApplicationUser })},
	{Name: "application-password-file", Kind: "file", Default: "nats-password-file", Daemons: nodes,
		Help: "file whose first line is the password of application-user",
		set:  path(func(c *Config) *string { return &c.ApplicationPasswordFile })},

	{Name: "controller", Kind: boolKind, Default: "false; for node 1 of ckpt up true", Daemons: Node,
		Help: "whether a director runs on this node: such nodes get replicas of non-collocated checkpoints",
		set:  boolean(func(c *Config) *bool { return &c.Controller })},
	{Name: "replicas-max", Kind: "count", Default: "1000", preset: true, Daemons: nodes,
		Help: "most replicas on a node; one more open fails with NO_RESOURCES",
		set:  replicas},
	{Name: "shared-memory-max", Kind: "bytes", Default: "0", preset: true, Daemons: nodes,
		Help: "most shared memory of all replicas of a node together; 0 = what the file system gives",
		set:  size(func(c *Config) *uint64 { return &c.SharedMemoryMax }, 0)},
	{Name: "write-max", Kind: "bytes", Default: "128MiB", preset: true, Daemons: nodes,
		Help: "most data in one write call, all its elements together",
		set:  size(func(c *Config) *uint64 { return &c.WriteMax }, wire.PieceBytesMax)},
	{Name: "staging-max", Kind: "bytes", Default: "512MiB", preset: true, Daemons: nodes,
		Help: "most memory for large writes that are arriving in pieces; others wait their turn",
		set:  size(func(c *Config) *uint64 { return &c.StagingMax }, wire.PieceBytesMax)},
	{Name: "persist", Kind: "policy", Default: "auto", preset: true, Daemons: nodes,
		Help: "which checkpoints are kept on disk too, each while this node has its only replica: auto (those made through the " +
			"OpenClovis API), always (all) or never",
		set: persist},
	{Name: "headless", Kind: "policy", Default: "stop", preset: true, Daemons: nodes,
		Help: "what the active replica of an asynchronous checkpoint does when it does not hear the other replicas and no director " +
			"has made another one active: stop, or continue alone, at the price that two may be active and updates are lost when " +
			"they meet",
		set: headless},
	{Name: "socket-mode", Kind: "mode", Default: "0666", preset: true, Daemons: nodes,
		Help: "permissions of the session socket, octal: who may connect to it may use the service",
		set:  mode},

	{Name: "raft-listen", Kind: "host:port", Default: "its address in directors; else none", Daemons: directors,
		Help: "address where the other directors reach this one; without it the director has no others",
		set:  address(func(c *Config) *string { return &c.RaftListen })},
	{Name: "directors", Kind: "NAME=host:port list", Default: "this director alone", Daemons: directors,
		Help: "the directors, by node name, that begin the group together, as long as the data directory is empty; " +
			"one that is not listed waits to be added (ckpt director add)",
		set: group("directors", func(c *Config) *[]Peer { return &c.Directors })},
	{Name: "voting-only", Kind: boolKind, Default: "false", preset: true, Daemons: directors,
		Help: "whether this director only votes: it becomes the active one if no other can",
		set:  boolean(func(c *Config) *bool { return &c.VotingOnly })},
	{Name: "tls-cert", Kind: "file", Default: "none", Daemons: everywhere,
		Help: "certificate (PEM) of these daemons towards those of other nodes (directors, routes, streams), for client and " +
			"server use; all three tls keys or none",
		set: path(func(c *Config) *string { return &c.TLSCert })},
	{Name: "tls-key", Kind: "file", Default: "none", Daemons: everywhere,
		Help: "key (PEM) of tls-cert",
		set:  path(func(c *Config) *string { return &c.TLSKey })},
	{Name: "tls-ca", Kind: "file", Default: "none", Daemons: everywhere,
		Help: "certificates (PEM) of the authority that signs the daemons' certificates; others are refused",
		set:  path(func(c *Config) *string { return &c.TLSCA })},

	{Name: "node-timeout", Kind: "duration", Default: "1s", preset: true, Daemons: directors,
		Help: "silence after which a node counts as missing",
		set:  duration(func(c *Config) *time.Duration { return &c.NodeTimeout }, 100*time.Millisecond)},
	{Name: "node-forget", Kind: "duration", Default: "60s", preset: true, Daemons: directors,
		Help: "time after which openers on a missing node count as closed",
		set:  duration(func(c *Config) *time.Duration { return &c.NodeForget }, 100*time.Millisecond)},

	{Name: "log-level", Kind: "level", Default: "info", preset: true, Daemons: everywhere,
		Help: "least important messages to log: debug, info, warn or error",
		set:  func(c *Config, v string) error { return level(&c.LogLevel, v) }},
	{Name: "log-format", Kind: "form", Default: "text", preset: true, Daemons: everywhere,
		Help: "form of the log on standard error: text or json",
		set:  logFormat},
}

func lookup(name string) *Key {
	for i := range Keys {
		if Keys[i].Name == name {
			return &Keys[i]
		}
	}
	return nil
}

func token(p func(*Config) *string) func(*Config, string) error {
	return func(c *Config, v string) error {
		if !wire.ValidToken(v) {
			return fmt.Errorf("%q is not a name of 1 to 64 letters, digits, '-' and '_'", v)
		}
		*p(c) = v
		return nil
	}
}

func text(p func(*Config) *string) func(*Config, string) error {
	return func(c *Config, v string) error {
		*p(c) = v
		return nil
	}
}

func path(p func(*Config) *string) func(*Config, string) error {
	return func(c *Config, v string) error {
		if v == "" {
			return fmt.Errorf("a path is needed")
		}
		abs, err := filepath.Abs(v)
		*p(c) = abs
		return err
	}
}

func boolean(p func(*Config) *bool) func(*Config, string) error {
	return func(c *Config, v string) error {
		b, err := strconv.ParseBool(v)
		if err != nil {
			return fmt.Errorf("%q is neither true nor false", v)
		}
		*p(c) = b
		return nil
	}
}

func duration(p func(*Config) *time.Duration, least time.Duration) func(*Config, string) error {
	return func(c *Config, v string) error {
		d, err := time.ParseDuration(v)
		if err != nil {
			return fmt.Errorf("%q is not a duration such as 500ms, 3s or 2m", v)
		}
		if d < least {
			return fmt.Errorf("%v is less than %v", d, least)
		}
		*p(c) = d
		return nil
	}
}

func size(p func(*Config) *uint64, least uint64) func(*Config, string) error {
	return func(c *Config, v string) error {
		n, err := parseSize(v)
		if err != nil {
			return err
		}
		if n < least {
			return fmt.Errorf("%s is less than %d bytes", v, least)
		}
		*p(c) = n
		return nil
	}
}

var sizeUnits = []struct {
	suffix string
	bytes  uint64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}, {"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}}

func parseSize(v string) (uint64, error) {
	number, unit := strings.TrimSpace(v), uint64(1)
	for _, u := range sizeUnits {
		if s, found := strings.CutSuffix(number, u.suffix); found {
			number, unit = strings.TrimSpace(s), u.bytes
			break
		}
	}
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil || n > ^uint64(0)/unit {
		return 0, fmt.Errorf("%q is not a number of bytes such as 1000000, 64MiB or 2GB", v)
	}
	return n * unit, nil
}

// checkAddress returns the port of a host:port.
func checkAddress(v string) (port uint64, err error) {
	host, number, err := net.SplitHostPort(v)
	if err != nil {
		return 0, fmt.Errorf("%q is not host:port", v)
	}
	if port, err = strconv.ParseUint(number, 10, 16); err != nil {
		return 0, fmt.Errorf("port %q is not a number from 0 to 65535", number)
	}
	if host == "" {
		return 0, fmt.Errorf("%q names no host; 0.0.0.0 means all interfaces", v)
	}
	return port, nil
}

func listen(c *Config, v string) error {
	if _, err := checkAddress(v); err != nil {
		return err
	}
	c.Listen = v
	return nil
}

// address is one that others know: its port is not 0.
func address(p func(*Config) *string) func(*Config, string) error {
	return func(c *Config, v string) error {
		port, err := checkAddress(v)
		if err != nil {
			return err
		}
		if port == 0 {
			return fmt.Errorf("%q has port 0, which others can't know", v)
		}
		*p(c) = v
		return nil
	}
}

// group is a list of directors or nodes.
func group(what string, p func(*Config) *[]Peer) func(*Config, string) error {
	return func(c *Config, v string) error {
		var list []Peer
		for _, s := range strings.Split(v, ",") {
			name, where, found := strings.Cut(strings.TrimSpace(s), "=")
			if !found || !wire.ValidToken(name) {
				return fmt.Errorf("%q is not NAME=host:port", s)
			}
			d := Peer{Name: name}
			if err := address(func(*Config) *string { return &d.Address })(c, where); err != nil {
				return err
			}
			for _, other := range list {
				if other.Name == d.Name || other.Address == d.Address {
					return fmt.Errorf("%s and %s are not two %s", other.Name+"="+other.Address, s, what)
				}
			}
			list = append(list, d)
		}
		*p(c) = list
		return nil
	}
}

// peerListen is an address that is told to others as it is, but for its port.
func peerListen(c *Config, v string) error {
	if _, err := checkAddress(v); err != nil {
		return err
	}
	host, _, _ := net.SplitHostPort(v)
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		return fmt.Errorf("%q names no host that other nodes can reach", v)
	}
	c.PeerListen = v
	return nil
}

func urls(c *Config, v string) error {
	var list []string
	for _, s := range strings.Split(v, ",") {
		s = strings.TrimSpace(s)
		u, err := url.Parse(s)
		if err != nil || u.Host == "" || u.Scheme != "nats" && u.Scheme != "tls" {
			return fmt.Errorf("%q is not a URL such as nats://host:4222", s)
		}
		if u.User != nil {
			return fmt.Errorf("the URL of %s holds a credential: use nats-user and nats-password-file", u.Host)
		}
		list = append(list, s)
	}
	c.NATS = list
	return nil
}

func replicas(c *Config, v string) error {
	n, err := strconv.ParseUint(v, 10, 31)
	if err != nil || n == 0 {
		return fmt.Errorf("%q is not a count from 1 to %d", v, 1<<31-1)
	}
	c.ReplicasMax = int(n)
	return nil
}

func mode(c *Config, v string) error {
	n, err := strconv.ParseUint(v, 8, 32)
	if err != nil || n&^0o666 != 0 || n&0o600 != 0o600 {
		return fmt.Errorf("%q is not a mode from 0600 to 0666", v)
	}
	c.SocketMode = fs.FileMode(n)
	return nil
}

func level(l *slog.Level, v string) error {
	switch v {
	case "debug", "info", "warn", "error":
		return l.UnmarshalText([]byte(v))
	}
	return fmt.Errorf("%q is not debug, info, warn or error", v)
}

func persist(c *Config, v string) error {
	switch v {
	case "auto", "always", "never":
		c.Persist = v
		return nil
	}
	return fmt.Errorf("%q is not auto, always or never", v)
}

func headless(c *Config, v string) error {
	switch v {
	case "stop", "continue":
		c.Headless = v
		return nil
	}
	return fmt.Errorf("%q is neither stop nor continue", v)
}

func logFormat(c *Config, v string) error {
	if v != "text" && v != "json" {
		return fmt.Errorf("%q is neither text nor json", v)
	}
	c.LogFormat = v
	return nil
}
