package dataset

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"libckpt/internal/rundir"
	"libckpt/internal/wire"
)

// Environment is what an application's environment says; "" where it says nothing.
type Environment struct {
	DataDir   string // CKPT_DATA_DIR
	ASPRunDir string // ASP_RUNDIR
	ASPConfig string // ASP_CONFIG
	Sync      string // CKPT_DATASET_SYNC
	StateHome string // XDG_STATE_HOME
	Home      string // HOME
	UID       int    // effective user id
}

// Place says where checkpoints are and how durable they are to be.
type Place struct {
	Dir     string // absolute
	Make    bool   // Dir is the default and made if it is missing; a directory that somebody named must exist
	Relaxed bool   // as in Options
}

// Values of CKPT_DATASET_SYNC.
const (
	syncFull   = "full"
	syncNormal = "normal"
)

// PlaceOf decides by the environment. The directory is not looked at. Notes are lines for the operator about what was found;
// the error, if any, is an *Error: a clDbalConfig.xml that does not parse or names an engine that can't be served.
func PlaceOf(e Environment) (p Place, notes []string, err error) {
	switch {
	case e.DataDir != "":
		p.Dir = e.DataDir
	case e.ASPRunDir != "":
		p.Dir = e.ASPRunDir
	default:
		p.Dir, p.Make = rundir.State(e.UID, e.StateHome, e.Home, rundir.DefaultInstance), true
		if !filepath.IsAbs(p.Dir) {
			return p, nil, &Error{Code: wire.NotExist, Path: "directory of datasets",
				Reason: "not known: neither CKPT_DATA_DIR nor HOME is set; set one of them"}
		}
	}
	if p.Dir, err = filepath.Abs(p.Dir); err != nil {
		return p, nil, systemFailed(p.Dir, err)
	}
	switch e.Sync {
	case "", syncFull:
	case syncNormal:
		p.Relaxed = true
	default:
		notes = append(notes, fmt.Sprintf("CKPT_DATASET_SYNC=%s is neither %s nor %s; using %s", e.Sync, syncFull, syncNormal, syncFull))
	}
	file, engine, err := engineOf(e.ASPConfig)
	if err == nil && engine != "" {
		notes = append(notes, fmt.Sprintf("%s names the engine %s: datasets are kept in SQLite, in %s", file, engine, p.Dir))
	}
	return p, notes, err
}

// Look sees to it that the directory is there. Its error is an *Error.
func (p Place) Look() error {
	if p.Make {
		if err := os.MkdirAll(p.Dir, 0o700); err != nil {
			return systemFailed(p.Dir, err)
		}
		return nil
	}
	info, err := os.Stat(p.Dir)
	if err == nil && !info.IsDir() {
		err = syscall.ENOTDIR
	}
	if err != nil {
		return systemFailed(p.Dir, err)
	}
	return nil
}
