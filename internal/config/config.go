// Package config holds the daemons' configuration: one table of keys, from which come the command line's flags, the
// names of environment variables, the keys of the configuration file and the reference in docs/configuration.md.
//
// A flag goes before the environment, the environment before the file, the file before the default. Whatever is
// unknown or can't be is refused, with the place where it stands.
package config

import (
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"time"

	"libckpt/internal/rundir"
	"libckpt/internal/wire"
)

// DefaultFile is read if it exists and no other file is named.
const DefaultFile = "/etc/ckpt/ckpt.yaml"

// Config is the configuration of a daemon. The table in keys.go says what each value means.
type Config struct {
	Instance   string
	Cluster    string
	Node       string
	RunDir     string
	DataDir    string
	SegmentDir string // "" = segments in the node's run directory

	Listen                  string
	Routes                  []Peer // nodes with embedded servers
	RouteListen             string // "" = the address in Routes
	PeerListen              string // "" = see the table
	ClusterSecretFile       string
	NATS                    []string // empty: the embedded server
	NATSUser                string
	NATSPasswordFile        string
	ApplicationUser         string
	ApplicationPasswordFile string

	Controller      bool
	ReplicasMax     int
	SharedMemoryMax uint64
	WriteMax        uint64
	StagingMax      uint64
	Persist         string // auto, always or never
	Headless        string // stop or continue
	SocketMode      fs.FileMode

	RaftListen string // "" = none
	Directors  []Peer // those that begin the group
	VotingOnly bool
	TLSCert    string
	TLSKey     string
	TLSCA      string

	NodeTimeout time.Duration
	NodeForget  time.Duration

	LogLevel  slog.Level
	LogFormat string
}

// Peer is a director, or a node's server, as others reach it.
type Peer struct {
	Name    string
	Address string // host:port
}

// complete fills in what depends on other values or on the machine.
func (c *Config) complete() {
	if c.Node == "" {
		c.Node = hostNode()
	}
	if c.RunDir == "" {
		c.RunDir = rundir.ForInstance(c.Instance)
	}
	if c.DataDir == "" {
		home, _ := os.UserHomeDir() // "" is handled
		c.DataDir = rundir.State(os.Geteuid(), os.Getenv("XDG_STATE_HOME"), home, c.Instance)
	}
}

// hostNode makes a node name of the host's name.
func hostNode() string {
	host, _ := os.Hostname() // "" is handled
	host, _, _ = strings.Cut(host, ".")
	name := strings.Map(func(r rune) rune {
		if wire.ValidToken(string(r)) {
			return r
		}
		return '-'
	}, host)
	name = name[:min(len(name), nodeNameMax)]
	if !wire.ValidToken(name) {
		return "node-1"
	}
	return name
}

// nodeNameMax leaves room for the number that distinguishes several nodes of one process.
const nodeNameMax = 56
