package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"libckpt/internal/config"
)

// Main runs a program and ends the process: status 0 if run returned nil, else one line on standard error and status 1.
// A panic becomes such a line too; GOTRACEBACK in the environment brings the stack back.
func Main(program string, run func() error) {
	if os.Getenv("GOTRACEBACK") == "" {
		debug.SetTraceback("none")
	}
	if err := guarded(run); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %s\n", program, oneLine(err))
		os.Exit(1)
	}
}

func guarded(run func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			if os.Getenv("GOTRACEBACK") != "" {
				panic(p)
			}
			err = fmt.Errorf("internal error: %v", p)
		}
	}()
	return run()
}

// WrapHelp makes the help of a command and those below it fit a terminal.
func WrapHelp(cmd *cobra.Command) {
	t := cmd.UsageTemplate()
	t = strings.ReplaceAll(t, ".FlagUsages ", fmt.Sprintf(".FlagUsagesWrapped %d ", helpColumns))
	cmd.SetUsageTemplate(t)
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// UntilStopped returns a context that ends with SIGTERM or SIGINT. A second signal ends the process at once.
func UntilStopped() (context.Context, context.CancelFunc) {
	signal.Ignore(syscall.SIGPIPE) // who reads the log may go away; the service must not
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	context.AfterFunc(ctx, cancel)
	return ctx, cancel
}

// NewLogger makes the logger that c asks for, on standard error.
func NewLogger(c *config.Config) *slog.Logger {
	o := &slog.HandlerOptions{Level: c.LogLevel}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, o))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, o))
}

// NotifySupervisor tells systemd, if it started this process, about its state ("READY=1", "STOPPING=1").
func NotifySupervisor(state string) {
	socket := os.Getenv("NOTIFY_SOCKET")
	if socket == "" {
		return
	}
	if strings.HasPrefix(socket, "@") {
		socket = "\x00" + socket[1:]
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		return // nobody to tell; the service works all the same
	}
	defer c.Close()
	_, _ = c.Write([]byte(state))
}

// AnnounceReady says on standard output, and to systemd, that calls succeed from now on.
func AnnounceReady(runDir string) error {
	NotifySupervisor("READY=1")
	if _, err := fmt.Println("ready", runDir); err != nil && !errors.Is(err, syscall.EPIPE) {
		return err
	}
	return nil
}

// readPassword gives the first line of a file; "" for no file.
func readPassword(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("password: %w", err)
	}
	line, _, _ := strings.Cut(string(b), "\n")
	if line = strings.TrimRight(line, "\r"); line == "" {
		return "", fmt.Errorf("password: the first line of %s is empty", filepath.Clean(file))
	}
	return line, nil
}
