package dataset

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Codes as the programs print them.
const (
	ok               = "0x0"
	invalidParameter = "0x160002"
	nullPointer      = "0x160003"
	notExist         = "0x160004"
	unspecified      = "0x160011"
	failedOperation  = "0x16001f"
	notPermitted     = "0x160020"
	noSpace          = "0x160021"
)

// session is a process of testdata/driver.c, which calls what it is told to.
type session struct {
	t     testing.TB
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines chan string // what it prints, closed at the end
	errs  string      // file of its standard error
}

// start starts a process; it has not initialized the library.
func start(t testing.TB, env []string, flavour string) *session {
	t.Helper()
	return startAs(t, 0, env, flavour)
}

// startAs is start as a user; 0 = the test's own.
func startAs(t testing.TB, uid uint32, env []string, flavour string) *session {
	t.Helper()
	errs, err := os.CreateTemp(t.TempDir(), "stderr")
	if err != nil {
		t.Fatal(err)
	}
	defer errs.Close()
	s := &session{t: t, cmd: exec.Command(program(t, flavour, "driver")), lines: make(chan string, 1), errs: errs.Name()}
	s.cmd.Env, s.cmd.Stderr = env, errs
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a group, so that kill gets its forked children too
	if uid != 0 {
		s.cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uid, Gid: uid}
	}
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(s.lines)
		for r := bufio.NewReader(out); ; {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			s.lines <- strings.TrimSuffix(line, "\n")
		}
	}()
	t.Cleanup(s.kill)
	return s
}

// initialized is start with a library handle.
func initialized(t testing.TB, env []string, flavour string) *session {
	t.Helper()
	s := start(t, env, flavour)
	s.want(ok, "init")
	return s
}

// ready is initialized with a checkpoint and dataset 1.
func ready(t testing.TB, env []string, flavour, name string) *session {
	t.Helper()
	s := initialized(t, env, flavour)
	s.want(ok, "create %s", x(name))
	s.want(ok, "dataset %s 1", x(name))
	return s
}

// x is text as the driver takes it.
func x(text string) string {
	if text == "" {
		return "-"
	}
	return hex.EncodeToString([]byte(text))
}

// do has one line obeyed and gives the answer, records as text: "d:..." and "e:...".
func (s *session) do(format string, args ...any) string {
	s.t.Helper()
	line := fmt.Sprintf(format, args...)
	s.send(line)
	return s.answer(line)
}

// raw is do with records as the process prints them, in hexadecimal.
func (s *session) raw(format string, args ...any) string {
	s.t.Helper()
	line := fmt.Sprintf(format, args...)
	s.send(line)
	return s.rawAnswer(line)
}

// send gives the process a line and does not wait for the answer.
func (s *session) send(line string) {
	s.t.Helper()
	if _, err := io.WriteString(s.in, line+"\n"); err != nil {
		s.t.Fatalf("%.80s: %v\n%s", line, err, shortened(s.stderr()))
	}
}

func (s *session) answer(line string) string {
	s.t.Helper()
	return decoded(s.t, s.rawAnswer(line))
}

// decoded is an answer with its records as text.
func decoded(t testing.TB, answer string) string {
	words := strings.Fields(answer)
	for i, w := range words {
		if kind, data, found := strings.Cut(w, ":"); found {
			words[i] = kind + ":" + unhex(t, data)
		}
	}
	return strings.Join(words, " ")
}

func (s *session) rawAnswer(line string) string {
	s.t.Helper()
	select {
	case answer, open := <-s.lines:
		if !open {
			s.t.Fatalf("%.80s: the process ended\n%s", line, shortened(s.stderr()))
		}
		return answer
	case <-time.After(patience):
		s.t.Fatalf("%.80s: no answer within %v\n%s", line, patience, shortened(s.stderr()))
	}
	return ""
}

func unhex(t testing.TB, data string) string {
	t.Helper()
	if data == "-" {
		return ""
	}
	b, err := hex.DecodeString(data)
	if err != nil {
		t.Errorf("%.40q is not hexadecimal: %v", data, err)
	}
	return string(b)
}

// want has a line obeyed, which must be answered so.
func (s *session) want(want, format string, args ...any) {
	s.t.Helper()
	if got := s.do(format, args...); got != want {
		s.t.Fatalf("%.80s: %.200s, want %.200s\n%s", fmt.Sprintf(format, args...), got, want, shortened(s.stderr()))
	}
}

// stderr is what the process has written to standard error so far.
func (s *session) stderr() string {
	b, err := os.ReadFile(s.errs)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b)
}

// quiet fails if the process has written anything to standard error.
func (s *session) quiet() {
	s.t.Helper()
	if text := s.stderr(); text != "" {
		s.t.Errorf("on standard error: %s", shortened(text))
	}
}

// end ends the process as a program ends; it must do so with status 0.
func (s *session) end() {
	s.t.Helper()
	s.in.Close()
	for range s.lines {
	}
	if err := s.cmd.Wait(); err != nil {
		s.t.Fatalf("the end of the process: %v\n%s", err, shortened(s.stderr()))
	}
}

// kill is kill -9, and waits for the end.
func (s *session) kill() {
	if s.cmd.ProcessState != nil {
		return
	}
	syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
	for range s.lines {
	}
	s.cmd.Wait()
}

// databases are the database files in a directory and below it, without what SQLite puts beside them.
func databases(t testing.TB, dir string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "-wal") || strings.HasSuffix(path, "-shm") {
			return err
		}
		b := make([]byte, 16)
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		if _, err := io.ReadFull(f, b); err == nil && string(b) == "SQLite format 3\x00" {
			found = append(found, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// database is the only database file below a directory.
func database(t testing.TB, dir string) string {
	t.Helper()
	files := databases(t, dir)
	if len(files) != 1 {
		t.Fatalf("databases: %q, want one", files)
	}
	return files[0]
}
