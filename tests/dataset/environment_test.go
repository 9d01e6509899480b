package dataset

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestDirectory(t *testing.T) {
	one, two := t.TempDir(), t.TempDir()
	for _, test := range []struct {
		name      string
		variables []string
		used      string
	}{
		{"CKPT_DATA_DIR", []string{"CKPT_DATA_DIR=" + one}, one},
		{"ASP_RUNDIR", []string{"ASP_RUNDIR=" + one}, one},
		{"CKPT_DATA_DIR before ASP_RUNDIR", []string{"ASP_RUNDIR=" + one, "CKPT_DATA_DIR=" + two}, two},
		{"empty CKPT_DATA_DIR", []string{"ASP_RUNDIR=" + one, "CKPT_DATA_DIR="}, one},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := ready(t, environment("", test.variables...), "doc", test.name)
			s.want(ok, "write %s 1 %s", x(test.name), x("data"))
			if dir := filepath.Dir(database(t, test.used)); dir != test.used {
				t.Errorf("the database is in %s", dir)
			}
			s.want(ok, "delete %s", x(test.name))
			s.quiet()
		})
	}
}

// Without a directory named it is the user's state directory, which is made.
func TestDefaultDirectory(t *testing.T) {
	uid := stranger(t)
	for _, variable := range []string{"XDG_STATE_HOME", "HOME"} {
		t.Run(variable, func(t *testing.T) {
			home := shared(t, uid)
			below := home
			if variable == "HOME" {
				below = filepath.Join(home, ".local/state")
			}
			var env []string
			for _, v := range environment("") {
				if !strings.HasPrefix(v, "HOME=") && !strings.HasPrefix(v, "XDG_") {
					env = append(env, v)
				}
			}
			s := startAs(t, uid, append(env, variable+"="+home), "doc")
			s.want(ok, "init")
			s.want(ok, "create %s", x("mine"))
			if dir := filepath.Dir(database(t, home)); dir != filepath.Join(below, "ckpt") {
				t.Errorf("the database is in %s", dir)
			}
			if info, err := os.Stat(database(t, home)); err != nil || info.Mode().Perm()&0o077 != 0 {
				t.Errorf("others may use the database: %v %v", info, err)
			}
			s.quiet()
		})
	}
}

// shared is a new directory of a user that its programs can reach; the test's own directories are closed to others.
func shared(t *testing.T, uid uint32) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "ckpt-dataset-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chown(dir, int(uid), int(uid)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// No name leads out of the directory.
func TestNamesStayInTheDirectory(t *testing.T) {
	outer := t.TempDir()
	dir := filepath.Join(outer, "data")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s := initialized(t, environment(dir), "doc")
	names := []string{"../out", "a/b", "/a", ".", "..", "../../x", "a\x00b", "%2e%2e%2fout", strings.Repeat("/", 256),
		strings.Repeat("../", 85), filepath.Join(outer, "absolute")}
	for i, name := range names {
		s.want(ok, "create %s", x(name))
		if n := len(databases(t, dir)); n != i+1 {
			t.Errorf("after %.40q %d databases in the directory, want %d", name, n, i+1)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !e.Type().IsRegular() {
			t.Errorf("%s in the data directory is no file", e.Name())
		}
	}
	if entries, err := os.ReadDir(outer); err != nil || len(entries) != 1 {
		t.Errorf("beside the data directory: %v, %v", entries, err)
	}
	for _, name := range names {
		s.want(ok, "delete %s", x(name))
	}
	s.quiet()
}

// The two shapes of clDbalConfig.xml.
const (
	bootShape = `<?xml version="1.0" encoding="UTF-8"?>
<dbal:BootConfig xmlns:dbal="dbal.ecore" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <Dbal>
    <Engine>
      <FileName>%s</FileName>
      <Type>%s</Type>
    </Engine>
  </Dbal>
</dbal:BootConfig>
`
	aspShape = `<?xml version="1.0" encoding="UTF-8"?>
<openClovisAsp>
  <version v0="4.0.0">
    <dbal:BootConfig xmlns:dbal="dbal.ecore">
      <Dbal><Engine><FileName>%s</FileName><Type>%s</Type></Engine></Dbal>
    </dbal:BootConfig>
  </version>
</openClovisAsp>
`
)

// config makes a directory with a clDbalConfig.xml.
func config(t *testing.T, content string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "clDbalConfig.xml"), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// oneLine fails unless a process writes exactly one line, with all these words in it, to standard error. The line may come a
// little after the answer.
func (s *session) oneLine(words ...string) {
	s.t.Helper()
	text := s.stderr()
	for end := time.Now().Add(patience); !strings.HasSuffix(text, "\n") && time.Now().Before(end); text = s.stderr() {
		time.Sleep(time.Millisecond)
	}
	missing := ""
	for _, w := range words {
		if !strings.Contains(text, w) {
			missing = w
		}
	}
	if strings.Count(text, "\n") != 1 || missing != "" {
		s.t.Errorf("standard error is not one line that names %q: %q", words, shortened(text))
	}
}

// Each engine OpenClovis had is accepted and logged once, and served.
func TestEngines(t *testing.T) {
	engines := []struct{ file, kind string }{
		{"libClSQLiteDB.so", "SQLite"}, {"libClSQLiteDB.so", "SQLiteDB"}, {"libClGDBM.so", "GDBM"},
		{"libClBerkeleyDB.so", "BerkeleyDB"}, {"/opt/clovis/lib/libClGDBM.so", "GDBM"},
	}
	for i, shape := range []string{bootShape, aspShape} {
		for _, e := range engines {
			t.Run(fmt.Sprint(i, " ", e.kind, " ", filepath.Base(e.file)), func(t *testing.T) {
				dir := config(t, fmt.Sprintf(shape, e.file, e.kind))
				s := ready(t, environment(t.TempDir(), "ASP_CONFIG="+dir), "doc", "c")
				s.want(ok, "write %s 1 %s", x("c"), x("data"))
				s.want("0x0 d:data", "read %s 1", x("c"))
				s.want(ok, "finalize")
				s.want(ok, "init") // and is not said again
				s.oneLine(filepath.Join(dir, "clDbalConfig.xml"))
			})
		}
	}
}

func TestConfigurationRefused(t *testing.T) {
	for name, content := range map[string]string{
		"empty":           "",
		"text":            "SQLite\n",
		"cut off":         bootShape[:len(bootShape)/2],
		"not closed":      strings.Replace(fmt.Sprintf(bootShape, "libClGDBM.so", "GDBM"), "</Engine>", "", 1),
		"other engine":    fmt.Sprintf(bootShape, "libClOracle.so", "Oracle"),
		"other root":      "<configuration><Dbal/></configuration>",
		"no engine":       `<dbal:BootConfig xmlns:dbal="dbal.ecore"><Dbal></Dbal></dbal:BootConfig>`,
		"nameless engine": fmt.Sprintf(bootShape, "", ""),
		"bytes":           "\x00\xff\xfe<dbal:BootConfig>",
	} {
		t.Run(name, func(t *testing.T) {
			data := t.TempDir()
			dir := config(t, content)
			s := start(t, environment(data, "ASP_CONFIG="+dir), "doc")
			s.want(configurationCode, "init")
			s.oneLine(filepath.Join(dir, "clDbalConfig.xml"))
			// Corrected, it is accepted without a restart of the program.
			good := fmt.Appendf(nil, bootShape, "libClGDBM.so", "GDBM")
			if err := os.WriteFile(filepath.Join(dir, "clDbalConfig.xml"), good, 0o644); err != nil {
				t.Fatal(err)
			}
			s.want(ok, "init")
			s.want(ok, "create %s", x("c"))
		})
	}
}

// configurationCode is what Initialize returns if clDbalConfig.xml is not what it should be.
const configurationCode = invalidParameter

// ASP_CONFIG is a list; the first directory with the file counts.
func TestConfigurationList(t *testing.T) {
	good, bad, none := config(t, fmt.Sprintf(bootShape, "libClGDBM.so", "GDBM")), config(t, "no XML"), t.TempDir()
	for _, test := range []struct {
		name string
		list []string
		code string
		file string // the one named on standard error
	}{
		{"first", []string{good, bad}, ok, good},
		{"after a directory without it", []string{none, good, bad}, ok, good},
		{"after one that does not exist", []string{"/nonexistent", good}, ok, good},
		{"after an empty entry", []string{"", good}, ok, good},
		{"the bad one first", []string{bad, good}, configurationCode, bad},
		{"long", append(strings.Split(strings.Repeat("/nonexistent/directory,", 100), ","), good), ok, good},
		{"nowhere", []string{none, "/nonexistent"}, ok, ""},
		{"empty", []string{""}, ok, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := start(t, environment(t.TempDir(), "ASP_CONFIG="+strings.Join(test.list, ":")), "doc")
			s.want(test.code, "init")
			if test.file == "" {
				s.quiet()
			} else {
				s.oneLine(test.file)
			}
		})
	}
}

// A wrong value of CKPT_DATASET_SYNC is said, and data are safe.
func TestWrongSync(t *testing.T) {
	s := start(t, environment(t.TempDir(), "CKPT_DATASET_SYNC=sometimes"), "doc")
	s.want(ok, "init")
	s.oneLine("CKPT_DATASET_SYNC", "sometimes")
}
