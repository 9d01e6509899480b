package agent

import (
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// guard, deferred at the top of every goroutine and callback, keeps a defect of ours from ending the application.
func (a *Agent) guard(where string) {
	if p := recover(); p != nil {
		a.warn(fmt.Sprintf("internal error in %s: %v%s", where, p, panicSite()))
	}
}

// panicSite is where in our code the panic being recovered from happened.
func panicSite() string {
	pc := make([]uintptr, 32)
	frames := runtime.CallersFrames(pc[:runtime.Callers(3, pc)])
	seen := false
	for {
		f, more := frames.Next()
		if seen && (len(f.Function) < 8 || f.Function[:8] != "runtime.") {
			return fmt.Sprintf(" (%s:%d)", f.Function, f.Line)
		}
		seen = seen || f.Function == "runtime.gopanic"
		if !more {
			return ""
		}
	}
}

// spawn runs f in a guarded goroutine.
func (a *Agent) spawn(where string, f func()) {
	go func() {
		defer a.guard(where)
		f()
	}()
}

// warn hands one line to Options.Warn.
func (a *Agent) warn(line string) {
	a.options.Warn(line)
}

// WarnStderr writes "libckpt: " and the line on standard error. It does so in a goroutine of its own and not through
// os.Stderr: a broken standard error must not raise SIGPIPE on a thread of the application.
func WarnStderr(line string) {
	go func() {
		_, _ = unix.Write(2, []byte("libckpt: "+line+"\n"))
	}()
}
