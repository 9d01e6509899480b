package config

import (
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"libckpt/internal/rundir"
)

func clean(t *testing.T) {
	t.Helper()
	for _, e := range os.Environ() {
		if name, _, _ := strings.Cut(e, "="); strings.HasPrefix(name, "CKPT_") {
			t.Setenv(name, "")
		}
	}
}

func load(t *testing.T, file string, args ...string) (*Config, string, error) {
	t.Helper()
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	Flags(flags, everywhere)
	path := filepath.Join(t.TempDir(), "ckpt.yaml")
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := flags.Parse(append([]string{"--config", path}, args...)); err != nil {
		t.Fatal(err)
	}
	c, err := Load(flags)
	return c, path, err
}

func TestDefaults(t *testing.T) {
	clean(t)
	c, _, err := load(t, "")
	if err != nil {
		t.Fatal(err)
	}
	if c.Instance != "default" || c.Cluster != "ckpt" || c.Node == "" || c.RunDir == "" || c.DataDir == "" ||
		c.ReplicasMax != 1000 || c.WriteMax != 128<<20 || c.StagingMax != 512<<20 || c.SharedMemoryMax != 0 ||
		c.SocketMode != 0o666 || c.NodeForget != time.Minute || c.LogLevel != slog.LevelInfo || c.LogFormat != "text" ||
		c.Listen != "127.0.0.1:0" || c.Persist != "auto" || len(c.NATS) != 0 {
		t.Errorf("%+v", c)
	}
}

func TestPrecedence(t *testing.T) {
	clean(t)
	file := "cluster: from-file\nnode: from-file\nreplicas-max: 7\n"
	t.Setenv("CKPT_CLUSTER", "from-environment")
	t.Setenv("CKPT_NODE", "from-environment")
	c, _, err := load(t, file, "--cluster", "from-flag")
	if err != nil {
		t.Fatal(err)
	}
	if c.Cluster != "from-flag" || c.Node != "from-environment" || c.ReplicasMax != 7 {
		t.Errorf("cluster %s, node %s, replicas-max %d", c.Cluster, c.Node, c.ReplicasMax)
	}
}

func TestValues(t *testing.T) {
	clean(t)
	c, _, err := load(t, `
# a comment
run-dir: /r
segment-dir: /dev/shm/s
nats: [nats://a:4222, "tls://b:4222"]
shared-memory-max: 2GB
write-max: 64 MiB
socket-mode: 0660
persist: always
headless: continue
controller: true
node-timeout: 1500ms
log-level: debug
log-format: json
raft-listen: 0.0.0.0:7000
directors: [a=h1:7000, "b=[::1]:7000"]
voting-only: true
tls-ca: /ca
routes: [a=h1:7001, b=h2:7001]
route-listen: 0.0.0.0:7001
peer-listen: h1:0
cluster-secret-file: /secret
`)
	if err != nil {
		t.Fatal(err)
	}
	if c.RunDir != "/r" || c.SegmentDir != "/dev/shm/s" || strings.Join(c.NATS, " ") != "nats://a:4222 tls://b:4222" ||
		c.SharedMemoryMax != 2e9 || c.WriteMax != 64<<20 || c.SocketMode != fs.FileMode(0o660) || c.Persist != "always" || c.Headless != "continue" || !c.Controller ||
		c.NodeTimeout != 1500*time.Millisecond || c.LogLevel != slog.LevelDebug || c.LogFormat != "json" ||
		c.RaftListen != "0.0.0.0:7000" || fmt.Sprint(c.Directors) != "[{a h1:7000} {b [::1]:7000}]" || !c.VotingOnly || c.TLSCA != "/ca" ||
		fmt.Sprint(c.Routes) != "[{a h1:7001} {b h2:7001}]" || c.RouteListen != "0.0.0.0:7001" || c.PeerListen != "h1:0" ||
		c.ClusterSecretFile != "/secret" {
		t.Errorf("%+v", c)
	}
}

func TestRefusedInFile(t *testing.T) {
	clean(t)
	for _, c := range []struct{ file, place, reason string }{
		{"cluster: a\nreplica-max: 3\n", ":2: ", `unknown key "replica-max"; is "replicas-max" meant?`},
		{"colour: red\n", ":1: ", `unknown key "colour"`},
		{"\n\nreplicas-max: many\n", ":3: ", `replicas-max: "many" is not a count`},
		{"replicas-max: 0\n", ":1: ", "not a count"},
		{"write-max: 12 parsecs\n", ":1: ", "not a number of bytes"},
		{"write-max: 99999999999999TiB\n", ":1: ", "not a number of bytes"},
		{"write-max: 1\n", ":1: ", "less than"},
		{"cluster: a\ncluster: b\n", ":2: ", "line 1 already"},
		{"cluster: a b\n", ":1: ", "not a name"},
		{"cluster:\n", ":1: ", "a value is missing"},
		{"cluster: {a: b}\n", ":1: ", "a single value"},
		{"- a\n", ":1: ", "key: value"},
		{"a: b\n c: d\n", ":2: ", "mapping values are not allowed"},
		{"node-timeout: 3\n", ":1: ", "not a duration"},
		{"node-timeout: 1ms\n", ":1: ", "less than"},
		{"socket-mode: 0777\n", ":1: ", "not a mode"},
		{"nats: http://x\n", ":1: ", "not a URL"},
		{"nats: nats://u:p@x\n", ":1: ", "credential"},
		{"listen: nowhere\n", ":1: ", "not host:port"},
		{"listen: a:b\n", ":1: ", "port"},
		{"listen: ':1'\n", ":1: ", "no host"},
		{"controller: perhaps\n", ":1: ", "neither true nor false"},
		{"raft-listen: a:0\n", ":1: ", "port 0"},
		{"routes: a=h:1,a=h:2\n", ":1: ", "not two nodes"},
		{"route-listen: a:0\n", ":1: ", "port 0"},
		{"peer-listen: 0.0.0.0:7\n", ":1: ", "names no host that other nodes can reach"},
		{"directors: a\n", ":1: ", "not NAME=host:port"},
		{"directors: a=h\n", ":1: ", "not host:port"},
		{"directors: a=h:1,a=h:2\n", ":1: ", "not two directors"},
		{"directors: a=h:1,b=h:1\n", ":1: ", "not two directors"},
		{"persist: sometimes\n", ":1: ", `"sometimes" is not auto, always or never`},
		{"headless: run\n", ":1: ", `"run" is neither stop nor continue`},
		{"log-level: loud\n", ":1: ", "not debug"},
		{"log-format: xml\n", ":1: ", "neither text nor json"},
	} {
		_, path, err := load(t, c.file)
		if err == nil {
			t.Errorf("%q was accepted", c.file)
			continue
		}
		if s := err.Error(); !strings.HasPrefix(s, path+c.place) || !strings.Contains(s, c.reason) || strings.Contains(s, "\n") {
			t.Errorf("%q: %s, want %s%s%s", c.file, s, path, c.place, c.reason)
		}
	}
}

func TestRefusedElsewhere(t *testing.T) {
	clean(t)
	if _, _, err := load(t, "", "--replicas-max", "x"); err == nil || !strings.HasPrefix(err.Error(), "--replicas-max: ") {
		t.Errorf("flag: %v", err)
	}
	t.Setenv("CKPT_REPLICAS_MAX", "x")
	if _, _, err := load(t, ""); err == nil || !strings.HasPrefix(err.Error(), "CKPT_REPLICAS_MAX in the environment: ") {
		t.Errorf("environment: %v", err)
	}
}

func TestNamedFileMustExist(t *testing.T) {
	clean(t)
	t.Setenv("CKPT_CONFIG", filepath.Join(t.TempDir(), "missing.yaml"))
	if _, err := Load(nil); err == nil {
		t.Error("a missing file was accepted")
	}
}

func TestDataDir(t *testing.T) {
	for _, c := range []struct {
		uid                      int
		xdg, home, instance, dir string
	}{
		{0, "/x", "/root", "default", "/var/lib/ckpt/default"},
		{7, "/x", "/h", "default", "/x/ckpt"},
		{7, "", "/h", "lab", "/h/.local/state/ckpt-lab"},
	} {
		if got := rundir.State(c.uid, c.xdg, c.home, c.instance); got != c.dir {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestReferenceIsInTheDocumentation(t *testing.T) {
	const file = "../../docs/configuration.md"
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b), Reference()) {
		t.Errorf("%s lacks or differs from this table:\n\n%s", file, Reference())
	}
}
