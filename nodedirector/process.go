package nodedirector

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// process names a process for ever: process ids come again, with another start time.
type process struct {
	pid   int
	start uint64 // clock ticks after boot, from /proc
	uid   uint32 // of a process that connected: its effective user then
}

// findProcess describes a running process.
func findProcess(pid int) (process, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return process{}, err
	}
	// The second field is the executable's name in parentheses and may hold anything, parentheses too.
	s := string(b)
	fields := strings.Fields(s[strings.LastIndexByte(s, ')')+1:])
	const startTime = 22 - 3 // the first field here is the third of all
	if len(fields) <= startTime {
		return process{}, fmt.Errorf("/proc/%d/stat: too few fields", pid)
	}
	start, err := strconv.ParseUint(fields[startTime], 10, 64)
	if err != nil {
		return process{}, fmt.Errorf("/proc/%d/stat: %w", pid, err)
	}
	return process{pid: pid, start: start}, nil
}

// bootID names this boot of the host.
func bootID() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// watcher waits for the end of processes, with one thread for all of them.
type watcher struct {
	epoll, wake int

	mu     sync.Mutex
	last   uint64 // token given out
	ends   map[uint64]watched
	closed bool
	done   chan struct{}
}

type watched struct {
	pidfd int
	end   func()
}

func newWatcher() (*watcher, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		unix.Close(epoll)
		return nil, fmt.Errorf("eventfd: %w", err)
	}
	w := &watcher{epoll: epoll, wake: wake, ends: make(map[uint64]watched), done: make(chan struct{})}
	if err := unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, wake, &unix.EpollEvent{Events: unix.EPOLLIN}); err != nil {
		unix.Close(epoll)
		unix.Close(wake)
		return nil, fmt.Errorf("epoll: %w", err)
	}
	go w.run()
	return w, nil
}

// watch calls end, once and on the watcher's own goroutine, when the process ends; pidfd belongs to the watcher from now
// on. The token takes the watch back.
func (w *watcher) watch(pidfd int, end func()) (token uint64, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		unix.Close(pidfd)
		return 0, os.ErrClosed
	}
	w.last++
	token = w.last
	// A descriptor's number is used again; a token is not.
	ev := &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(uint32(token)), Pad: int32(uint32(token >> 32))}
	if err := unix.EpollCtl(w.epoll, unix.EPOLL_CTL_ADD, pidfd, ev); err != nil {
		unix.Close(pidfd)
		return 0, fmt.Errorf("watch process: %w", err)
	}
	w.ends[token] = watched{pidfd, end}
	return token, nil
}

// forget takes a watch back. Its end may be running already.
func (w *watcher) forget(token uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p, ok := w.ends[token]; ok {
		delete(w.ends, token)
		unix.Close(p.pidfd)
	}
}

func (w *watcher) run() {
	defer close(w.done)
	events := make([]unix.EpollEvent, 64)
	for {
		n, err := unix.EpollWait(w.epoll, events, -1)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return
		}
		for _, ev := range events[:max(n, 0)] {
			token := uint64(uint32(ev.Fd)) | uint64(uint32(ev.Pad))<<32
			if token == 0 {
				return
			}
			w.mu.Lock()
			p, ok := w.ends[token]
			delete(w.ends, token)
			w.mu.Unlock()
			if ok {
				unix.Close(p.pidfd)
				p.end()
			}
		}
	}
}

// close ends the watcher and all watches.
func (w *watcher) close() {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	unix.Write(w.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	<-w.done
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.ends {
		unix.Close(p.pidfd)
	}
	clear(w.ends)
	unix.Close(w.wake)
	unix.Close(w.epoll)
}
