package daemon

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"libckpt/internal/config"
	"libckpt/internal/rundir"
)

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func TestPanicBecomesOneLine(t *testing.T) {
	t.Setenv("GOTRACEBACK", "")
	err := guarded(func() error { panic("first\nsecond") })
	if err == nil || oneLine(err) != "internal error: first second" {
		t.Errorf("%v", err)
	}
}

func TestNotifySupervisor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	t.Setenv("NOTIFY_SOCKET", path)
	NotifySupervisor("READY=1")
	b := make([]byte, 64)
	if err := l.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if n, err := l.Read(b); err != nil || string(b[:n]) != "READY=1" {
		t.Errorf("%q %v", b[:n], err)
	}
}

func TestPassword(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("secret\nnot this\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if p, err := readPassword(file); err != nil || p != "secret" {
		t.Errorf("%q %v", p, err)
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readPassword(file); err == nil {
		t.Error("an empty file was accepted")
	}
	if p, err := readPassword(""); err != nil || p != "" {
		t.Errorf("no file: %q %v", p, err)
	}
}

// A second process is refused before it has touched what the first one's clients go by.
func TestSecondBusIsRefused(t *testing.T) {
	c := &config.Config{RunDir: t.TempDir()}
	first, err := EmbedBus(c, quiet())
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	file := filepath.Join(c.RunDir, rundir.BusFile)
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var held *rundir.HeldError
	if b, err := EmbedBus(c, quiet()); !errors.As(err, &held) || held.Pid != os.Getpid() {
		if err == nil {
			b.Close()
		}
		t.Errorf("%v, want a refusal that names this process", err)
	}
	if after, err := os.ReadFile(file); err != nil || string(after) != string(before) {
		t.Errorf("the refused process changed %s", file)
	}
}

func TestFindBus(t *testing.T) {
	c := &config.Config{RunDir: t.TempDir()}
	server, err := EmbedBus(c, quiet())
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	client, err := FindBus(c, quiet())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	conn, err := client.Connect(ctx, "test")
	if err != nil {
		t.Fatal(err)
	}
	if conn.ConnectedUrl() == "" {
		t.Error("not connected")
	}
}

func TestExternalCredentials(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(name+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	c := &config.Config{RunDir: dir, NATS: []string{"nats://a:4222"}, NATSUser: "d", NATSPasswordFile: file("dp"),
		ApplicationUser: "a", ApplicationPasswordFile: file("ap")}
	b, err := EmbedBus(c, quiet())
	if err != nil {
		t.Fatal(err)
	}
	if b.connect.User != "d" || b.connect.Password != "dp" || b.applicationUser != "a" || b.password != "ap" ||
		strings.Join(b.urls, ",") != "nats://a:4222" || b.credentials != nil {
		t.Errorf("%+v", b)
	}
	c.ApplicationUser, c.ApplicationPasswordFile = "", ""
	if b, err = EmbedBus(c, quiet()); err != nil || b.applicationUser != "d" || b.password != "dp" {
		t.Errorf("without one of their own, applications get %q, %v", b.applicationUser, err)
	}
	c.NATSPasswordFile = ""
	if _, err := EmbedBus(c, quiet()); err == nil {
		t.Error("a user without password was accepted")
	}
}
