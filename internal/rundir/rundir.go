// Package rundir says where a node's run directory is and what the files in it are called. Daemons and
// applications go by the same rule, so that they find each other without configuration.
package rundir

import (
	"os"
	"path/filepath"
	"strconv"
)

// Files in a run directory, and in a data directory.
const (
	NodeSocket = "node.sock" // the session socket of the node director
	BusFile    = "bus.json"  // address and daemon credential of the embedded NATS server, 0600
	BusLock    = "bus.lock"  // held by the process whose NATS server BusFile describes
	Sessions   = "sessions"  // what the node director remembers of its sessions
	Segments   = "segments"  // replicas, unless another directory is configured for them
	Copies     = "copies"    // in the data directory, by node: copies of replicas on disk
)

// Variable is the environment variable that names the run directory.
const Variable = "CKPT_RUN_DIR"

// DefaultInstance is the instance meant when none is named.
const DefaultInstance = "default"

const systemRoot = "/run/ckpt"

// Default is the run directory of the default instance: CKPT_RUN_DIR if set; for root /run/ckpt/default; else
// $XDG_RUNTIME_DIR/ckpt; else /tmp/ckpt-UID.
func Default() string { return ForInstance(DefaultInstance) }

// ForInstance is the run directory of an instance. Instances other than the default one have a name after a dash where
// the rule has no place for it: $XDG_RUNTIME_DIR/ckpt-NAME, /tmp/ckpt-UID-NAME.
func ForInstance(instance string) string {
	if d := os.Getenv(Variable); d != "" {
		return d
	}
	return forUser(os.Geteuid(), os.Getenv("XDG_RUNTIME_DIR"), instance)
}

func forUser(uid int, xdg, instance string) string {
	if uid == 0 {
		return filepath.Join(systemRoot, instance)
	}
	suffix := ""
	if instance != DefaultInstance {
		suffix = "-" + instance
	}
	if filepath.IsAbs(xdg) {
		return filepath.Join(xdg, "ckpt"+suffix)
	}
	return filepath.Join("/tmp", "ckpt-"+strconv.Itoa(uid)+suffix)
}

// Application is the run directory an application goes to: Default, unless nothing is served there and the system's
// own service is; so an unprivileged application finds a service that root started.
func Application() string {
	d := Default()
	if os.Getenv(Variable) != "" || serves(d) {
		return d
	}
	if system := filepath.Join(systemRoot, DefaultInstance); serves(system) {
		return system
	}
	return d
}

func serves(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, NodeSocket))
	return err == nil && info.Mode().Type() == os.ModeSocket
}

// Node is the run directory of node k (from 1) of the nodes that share one process, given that of the first.
func Node(first string, k int) string {
	if k == 1 {
		return first
	}
	return filepath.Join(first, "node-"+strconv.Itoa(k))
}
