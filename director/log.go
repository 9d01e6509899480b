package director

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
)

// raftLog is raft's logger on top of slog. What raft calls an error is a warning here, since the director reports
// what an operator has to act on by itself, and a repetition within raftLogPause is left out; everything else is debugging.
type raftLog struct {
	to      *slog.Logger
	name    string
	implied []any
	said    *sync.Map // message → time.Time
}

func newRaftLog(to *slog.Logger) *raftLog { return &raftLog{to: to, said: &sync.Map{}} }

func (l *raftLog) write(level hclog.Level, msg string, args ...any) {
	to := slog.LevelDebug
	if level >= hclog.Error {
		now := time.Now()
		if last, ok := l.said.Load(msg); !ok || now.Sub(last.(time.Time)) >= raftLogPause {
			l.said.Store(msg, now)
			to = slog.LevelWarn
		}
	}
	if !l.to.Enabled(context.Background(), to) {
		return
	}
	for i, a := range args {
		if f, ok := a.(hclog.Format); ok && len(f) > 0 {
			args[i] = fmt.Sprintf(f[0].(string), f[1:]...)
		}
	}
	l.to.Log(context.Background(), to, "raft: "+msg, args...)
}

func (l *raftLog) Log(level hclog.Level, msg string, args ...any) { l.write(level, msg, args...) }
func (l *raftLog) Trace(msg string, args ...any)                  { l.write(hclog.Trace, msg, args...) }
func (l *raftLog) Debug(msg string, args ...any)                  { l.write(hclog.Debug, msg, args...) }
func (l *raftLog) Info(msg string, args ...any)                   { l.write(hclog.Info, msg, args...) }
func (l *raftLog) Warn(msg string, args ...any)                   { l.write(hclog.Warn, msg, args...) }
func (l *raftLog) Error(msg string, args ...any)                  { l.write(hclog.Error, msg, args...) }
func (l *raftLog) IsTrace() bool                                  { return false }
func (l *raftLog) IsDebug() bool                                  { return false }
func (l *raftLog) IsInfo() bool                                   { return false }
func (l *raftLog) IsWarn() bool                                   { return true }
func (l *raftLog) IsError() bool                                  { return true }
func (l *raftLog) ImpliedArgs() []any                             { return l.implied }
func (l *raftLog) Name() string                                   { return l.name }
func (l *raftLog) SetLevel(hclog.Level)                           {}
func (l *raftLog) GetLevel() hclog.Level                          { return hclog.Warn }

func (l *raftLog) With(args ...any) hclog.Logger {
	return &raftLog{l.to.With(args...), l.name, append(l.implied[:len(l.implied):len(l.implied)], args...), l.said}
}

func (l *raftLog) Named(name string) hclog.Logger {
	return &raftLog{l.to, l.name + name, l.implied, l.said}
}

func (l *raftLog) ResetNamed(name string) hclog.Logger {
	return &raftLog{l.to, name, l.implied, l.said}
}

func (l *raftLog) StandardLogger(*hclog.StandardLoggerOptions) *log.Logger {
	return log.New(l.StandardWriter(nil), "", 0)
}

func (l *raftLog) StandardWriter(*hclog.StandardLoggerOptions) io.Writer {
	return slog.NewLogLogger(l.to.Handler(), slog.LevelDebug).Writer()
}
