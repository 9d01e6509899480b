package service

import (
	"encoding/json"
	"math"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"libckpt/agent"
	"libckpt/tests/testcluster"
)

// decode reads what a command printed with --json.
func decode[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	d := json.NewDecoder(strings.NewReader(text))
	if err := d.Decode(&v); err != nil || d.More() {
		t.Fatalf("not one JSON value (%v): %s", err, text)
	}
	return v
}

func matches(t *testing.T, text string, patterns ...string) {
	t.Helper()
	for _, p := range patterns {
		if !regexp.MustCompile("(?m)" + p).MatchString(text) {
			t.Errorf("no line matches %q:\n%s", p, text)
		}
	}
}

func TestCommandsOnEmptyService(t *testing.T) {
	t.Parallel()
	c := testcluster.Start(t, testcluster.Options{})
	matches(t, succeeds(t, c, "status"), `^cluster +ckpt$`, `^node +node-1$`, `^director +node-1$`, `^replicas +0 of 1000$`)
	matches(t, succeeds(t, c, "list"), `^no checkpoints$`)
	if s := strings.TrimSpace(succeeds(t, c, "list", "--json")); s != "[]" {
		t.Errorf("list --json: %s", s)
	}
	status := decode[map[string]any](t, succeeds(t, c, "status", "--json"))
	for _, key := range []string{"cluster", "node", "release", "director", "replicas", "replicasMax", "sessions", "memoryUsed",
		"memoryMax", "uptime", "malformed"} {
		if _, found := status[key]; !found {
			t.Errorf("status --json lacks %s", key)
		}
	}
	if status["malformed"] != 0.0 {
		t.Errorf("malformed messages: %v", status["malformed"])
	}
	for _, command := range []string{"show", "dump", "unlink"} {
		oneLine(t, ckpt(t, c, command, "missing"), "missing", `"ckpt list"`)
	}
}

func TestShow(t *testing.T) {
	t.Parallel()
	c := testcluster.Start(t, testcluster.Options{})
	a := dial(t, c)
	before := time.Now()
	cp := open(t, a, "safCkpt=calls", attributes(5, 30*time.Second))
	create(t, cp, "one", "12345")
	create(t, cp, "two", "")
	reader, err := a.Open(soon(t), "safCkpt=calls", agent.OpenOptions{Flags: agent.OpenRead})
	if err != nil {
		t.Fatal(err)
	}
	matches(t, succeeds(t, c, "show", "safCkpt=calls"), `^name +safCkpt=calls$`, `^updates +synchronous, 2 so far$`,
		`^sections +2 of 5, 0 corrupted$`, `^stored +5 bytes, `, `^retention +30s$`, `^open +2 times \(2 readers, 1 writer\)$`,
		`^open on +node-1$`, `^replicas +node-1: active$`)
	type replica struct {
		Node     string
		IsActive int
		Role     string
	}
	d := decode[struct {
		Name                                                                                            string
		CreationTimestamp, RetDuration                                                                  int64
		CreationFlags, MaxSections, NumOpeners, NumReaders, NumWriters, NumSections, NumCorruptSections uint32
		MaxSectionSize, MaxSectionIDSize, Size, UsedSize, Allocated                                     uint64
		NumReplicas                                                                                     int
		Replicas                                                                                        []replica
	}](t, succeeds(t, c, "show", "safCkpt=calls", "--json"))
	if created := time.Unix(0, d.CreationTimestamp); created.Before(before) || created.After(time.Now()) {
		t.Errorf("created %v", created)
	}
	if d.Name != "safCkpt=calls" || d.RetDuration != int64(30*time.Second) || d.CreationFlags != agent.AllReplicas ||
		d.MaxSections != 5 || d.MaxSectionSize != 1<<20 || d.MaxSectionIDSize != 16 || d.Size != 1000 || d.UsedSize != 5 ||
		d.NumOpeners != 2 || d.NumReaders != 2 || d.NumWriters != 1 || d.NumReplicas != 1 || d.NumSections != 2 ||
		d.NumCorruptSections != 0 || d.Allocated == 0 || len(d.Replicas) != 1 || d.Replicas[0] != (replica{"node-1", 1, "active"}) {
		t.Errorf("%+v", d)
	}
	if err := reader.Close(soon(t)); err != nil {
		t.Fatal(err)
	}
	matches(t, succeeds(t, c, "show", "safCkpt=calls"), `^open +1 time \(1 reader, 1 writer\)$`)
}

func TestList(t *testing.T) {
	t.Parallel()
	c := testcluster.Start(t, testcluster.Options{})
	a := dial(t, c)
	open(t, a, "b\twith a tab", attributes(1, time.Minute))
	retained := open(t, a, "a", &agent.Attributes{CreationFlags: agent.ActiveReplicaWeak | agent.Collocated, CheckpointSize: 1,
		RetentionDuration: int64(time.Minute), MaxSections: 1, MaxSectionSize: 1, MaxSectionIDSize: 1})
	if err := retained.Close(soon(t)); err != nil {
		t.Fatal(err)
	}
	matches(t, succeeds(t, c, "list"), `^NAME +UPDATES +ACTIVE +REPLICAS +STATE$`,
		`^a +asynchronous, weak, collocated +none +node-1 +retained$`, `^"b\\twith a tab" +synchronous +node-1 +node-1 +open$`)
	list := decode[[]struct {
		Name, Active string
		InSync, Open []string
	}](t, succeeds(t, c, "list", "--json"))
	if len(list) != 2 || list[0].Name != "a" || list[0].Active != "" || len(list[0].Open) != 0 ||
		list[1].Name != "b\twith a tab" || list[1].Active != "node-1" || len(list[1].InSync) != 1 || len(list[1].Open) != 1 {
		t.Errorf("%+v", list)
	}
}

func TestDump(t *testing.T) {
	t.Parallel()
	c := testcluster.Start(t, testcluster.Options{})
	a := dial(t, c)
	cp := open(t, a, "d", attributes(1000, time.Minute))
	matches(t, succeeds(t, c, "dump", "d"), `^no sections$`)
	create(t, cp, "text", "hello")
	create(t, cp, "\x00\xff", strings.Repeat("x", 600_000))
	if err := cp.SetExpiration(soon(t), []byte("text"), time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano()); err != nil {
		t.Fatal(err)
	}
	all := succeeds(t, c, "dump", "d")
	matches(t, all, `^text: 5 bytes, updated 20.*, expires 2100-01-01`, `^00000000  68 65 6c 6c 6f +\|hello\|$`,
		`^0x00ff: 600000 bytes, updated .*, never expires$`)
	if one := succeeds(t, c, "dump", "d", "text"); !strings.HasPrefix(one, "text: ") || strings.Count(one, "\n") != 2 {
		t.Errorf("one section: %s", one)
	}
	type section struct {
		ID         string
		Expiration int64
		Size       uint64
		Data       []byte
		Corrupted  bool
	}
	list := decode[[]section](t, succeeds(t, c, "dump", "d", "0x00ff", "--json"))
	if len(list) != 1 || list[0].ID != "0x00ff" || list[0].Size != 600_000 || len(list[0].Data) != 600_000 ||
		list[0].Expiration != math.MaxInt64 || list[0].Corrupted {
		t.Errorf("%d sections", len(list))
	}
	oneLine(t, ckpt(t, c, "dump", "d", "nothing"), "no section nothing")
	oneLine(t, ckpt(t, c, "dump", "d", "0xzz"), "hexadecimal")
}

func TestDumpDefaultSection(t *testing.T) {
	t.Parallel()
	c := testcluster.Start(t, testcluster.Options{})
	cp := open(t, dial(t, c), "d", attributes(1, time.Minute))
	overwrite(t, cp, "", "content")
	for _, args := range [][]string{{"dump", "d"}, {"dump", "d", "0x"}} {
		matches(t, succeeds(t, c, args...), `^\(default section\): 7 bytes, `, `\|content\|$`)
	}
}

func TestUnlink(t *testing.T) {
	t.Parallel()
	c := testcluster.Start(t, testcluster.Options{})
	cp := open(t, dial(t, c), "u", attributes(1, time.Minute))
	if s := succeeds(t, c, "unlink", "u"); s != "unlinked u\n" {
		t.Errorf("%q", s)
	}
	oneLine(t, ckpt(t, c, "unlink", "u"), "no checkpoint has the name u")
	overwrite(t, cp, "", "still mine")
	if s := read(t, cp, ""); s != "still mine" {
		t.Errorf("%q", s)
	}
	open(t, dial(t, c), "v", attributes(1, time.Minute))
	if v := decode[map[string]string](t, succeeds(t, c, "unlink", "v", "--json")); v["unlinked"] != "v" {
		t.Errorf("%v", v)
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"ckpt"}, {"ckpt", "up"}, {"ckpt", "status"}, {"ckpt", "list"}, {"ckpt", "show"}, {"ckpt", "dump"},
		{"ckpt", "unlink"}, {"ckptd"}, {"ckptnd"}} {
		o := runAs(t, 0, nil, testcluster.Binary(t, "bin/"+args[0]), append(args[1:], "--help")...)
		if o.status != 0 || o.stderr != "" || !strings.Contains(o.stdout, "Usage:") {
			t.Errorf("%v --help: status %d, %s", args, o.status, o.stderr)
		}
		for _, line := range strings.Split(o.stdout, "\n") {
			if len(line) > 115 || strings.HasSuffix(line, " ") || strings.Contains(line, "%!") {
				t.Errorf("%v --help: %q", args, line)
			}
		}
	}
	o := runAs(t, 0, nil, testcluster.Binary(t, "bin/ckpt"), "--version")
	if o.status != 0 || !regexp.MustCompile(`\d+\.\d+\.\d+`).MatchString(o.stdout) {
		t.Errorf("--version: %q", o.stdout)
	}
}

func TestNoService(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), "missing")} {
		o := runAs(t, 0, nil, testcluster.Binary(t, "bin/ckpt"), "list", "--run-dir", dir, "--timeout", "300ms")
		oneLine(t, o, "no service answers in "+dir, `"ckpt up"`)
	}
}

func TestUsageErrors(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"ckpt", "show"}, {"ckpt", "list", "x"}, {"ckpt", "nonsense"}, {"ckpt", "up", "--nodes", "0"},
		{"ckpt", "up", "--nonsense"}, {"ckptd", "x"}, {"ckptnd", "--replicas-max", "none"}, {"ckpt", "list", "--timeout", "-1s"}} {
		oneLine(t, runAs(t, 0, nil, testcluster.Binary(t, "bin/"+args[0]), args[1:]...), args[0]+": ")
	}
}
