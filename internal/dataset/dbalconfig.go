package dataset

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"libckpt/internal/wire"
)

// dbalConfig is the file of an OpenClovis installation that names its database engine.
const dbalConfig = "clDbalConfig.xml"

// dbalConfigMax is the longest such file that is read, bytes.
const dbalConfigMax = 1 << 20

// engines are those that OpenClovis had, by the library or type that its files name, in small letters.
var engines = map[string]string{
	"libclsqlitedb.so": "SQLite", "sqlitedb": "SQLite", "sqlite": "SQLite",
	"libclgdbm.so": "GDBM", "gdbm": "GDBM",
	"libclberkeleydb.so": "Berkeley DB", "berkeleydb": "Berkeley DB", "berkeley db": "Berkeley DB",
}

// bootConfig is the element dbal:BootConfig, whatever its prefix is bound to.
type bootConfig struct {
	XMLName xml.Name
	Engines []struct {
		FileName string
		Type     string
	} `xml:"Dbal>Engine"`
}

// engineOf finds the first clDbalConfig.xml in a colon-separated list of directories and the name of the engine in it. Both
// are "" if there is none.
func engineOf(directories string) (file, engine string, err error) {
	for _, dir := range filepath.SplitList(directories) {
		if dir == "" {
			continue
		}
		file = filepath.Join(dir, dbalConfig)
		content, err := readBounded(file)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err == nil {
			engine, err = parseEngine(content)
		}
		if err != nil {
			return file, "", &Error{Code: wire.InvalidParam, Path: file,
				Reason: err.Error() + "; correct it or take its directory out of ASP_CONFIG"}
		}
		return file, engine, nil
	}
	return "", "", nil
}

func readBounded(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		var p *os.PathError
		if errors.As(err, &p) {
			return nil, p.Err
		}
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, dbalConfigMax+1))
	if err != nil {
		return nil, errnoOf(err)
	}
	if len(content) > dbalConfigMax {
		return nil, fmt.Errorf("is longer than %d bytes", dbalConfigMax)
	}
	return content, nil
}

// parseEngine finds the first engine. The root is BootConfig, or openClovisAsp with a version 4.0.0 that has it, or has it
// itself.
func parseEngine(content []byte) (string, error) {
	var root struct {
		XMLName  xml.Name
		Versions []struct {
			V0   string     `xml:"v0,attr"`
			Boot bootConfig `xml:"BootConfig"`
		} `xml:"version"`
		Boot bootConfig `xml:"BootConfig"`
	}
	if err := xml.Unmarshal(content, &root); err != nil {
		return "", fmt.Errorf("is no XML: %v", err)
	}
	boot := root.Boot
	switch root.XMLName.Local {
	case "BootConfig":
		if err := xml.Unmarshal(content, &boot); err != nil {
			return "", fmt.Errorf("is no XML: %v", err)
		}
	case "openClovisAsp":
		for _, v := range root.Versions {
			if v.V0 == "4.0.0" {
				boot = v.Boot
				break
			}
		}
	default:
		return "", fmt.Errorf("has the root element %s, not dbal:BootConfig or openClovisAsp", root.XMLName.Local)
	}
	if len(boot.Engines) == 0 {
		return "", errors.New("names no engine: there is no dbal:BootConfig with Dbal, Engine in it")
	}
	name := strings.TrimSpace(boot.Engines[0].FileName)
	if name == "" {
		name = strings.TrimSpace(boot.Engines[0].Type)
	}
	if engine := engines[strings.ToLower(path.Base(name))]; engine != "" {
		return engine, nil
	}
	return "", fmt.Errorf("names the engine %q, not SQLite, GDBM or Berkeley DB", name)
}
