package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"
)

// Error says where a value stands that can't be, and why.
type Error struct {
	Place string // "FILE:LINE", "--flag" or "CKPT_NAME in the environment"
	Err   error
}

func (e *Error) Error() string { return e.Place + ": " + e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

const fileFlag, fileVariable = "config", "CKPT_CONFIG"

// Flags adds the flags of one program to its command line.
func Flags(flags *pflag.FlagSet, d Daemon) {
	flags.SortFlags = false
	flags.String(fileFlag, "", "configuration `file` (default "+DefaultFile+" if it exists)")
	for i := range Keys {
		k := &Keys[i]
		if k.Daemons&d == 0 {
			continue
		}
		help := k.Help
		if !k.preset {
			help += " (default " + k.Default + ")"
		}
		v := &flagValue{kind: k.Kind}
		if k.preset {
			v.text = k.Default
		}
		f := flags.VarPF(v, k.Name, "", help)
		if k.Kind == boolKind {
			f.NoOptDefVal = "true"
		}
	}
}

// flagValue keeps the text: all sources of values go through one parser.
type flagValue struct{ kind, text string }

func (v *flagValue) String() string     { return v.text }
func (v *flagValue) Set(s string) error { v.text = s; return nil }
func (v *flagValue) Type() string       { return v.kind }

// Load makes a configuration of defaults, file, environment and the flags that were given. flags must have gone
// through Flags; nil = no flags. Errors are *Error, or from reading a named file.
func Load(flags *pflag.FlagSet) (*Config, error) {
	c := new(Config)
	for i := range Keys {
		if k := &Keys[i]; k.preset {
			if err := k.set(c, k.Default); err != nil {
				return nil, &Error{"default of " + k.Name, err}
			}
		}
	}
	if err := c.loadFile(flags); err != nil {
		return nil, err
	}
	for i := range Keys {
		k := &Keys[i]
		if v := os.Getenv(k.Environment()); v != "" {
			if err := k.set(c, v); err != nil {
				return nil, &Error{k.Environment() + " in the environment", err}
			}
		}
	}
	if flags != nil {
		for i := range Keys {
			k := &Keys[i]
			if f := flags.Lookup(k.Name); f != nil && f.Changed {
				if err := k.set(c, f.Value.String()); err != nil {
					return nil, &Error{"--" + k.Name, err}
				}
			}
		}
	}
	c.complete()
	return c, nil
}

func (c *Config) loadFile(flags *pflag.FlagSet) error {
	file := os.Getenv(fileVariable)
	if flags != nil {
		if f := flags.Lookup(fileFlag); f != nil && f.Changed {
			file = f.Value.String()
		}
	}
	named := file != ""
	if !named {
		file = DefaultFile
	}
	b, err := os.ReadFile(file)
	if err != nil {
		if !named && errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return fmt.Errorf("configuration file: %w", err)
	}
	return c.parse(file, b)
}

// parse reads a file: one mapping of keys to single values, or a list of them where the value may be one.
func (c *Config) parse(file string, b []byte) error {
	var document yaml.Node
	if err := yaml.Unmarshal(b, &document); err != nil {
		line, reason := yamlPlace(err)
		return &Error{fmt.Sprintf("%s:%d", file, line), errors.New(reason)}
	}
	if len(document.Content) == 0 {
		return nil
	}
	root := document.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return nil
	}
	if root.Kind != yaml.MappingNode {
		return &Error{fmt.Sprintf("%s:%d", file, root.Line), errors.New("lines of the form \"key: value\" are expected")}
	}
	seen := make(map[string]int)
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		if before, twice := seen[key.Value]; twice {
			return &Error{fmt.Sprintf("%s:%d", file, key.Line), fmt.Errorf("%s stands on line %d already", key.Value, before)}
		}
		seen[key.Value] = key.Line
		k := lookup(key.Value)
		if k == nil {
			return &Error{fmt.Sprintf("%s:%d", file, key.Line), unknownKey(key.Value)}
		}
		v, err := scalar(value)
		if err == nil {
			err = k.set(c, v)
		}
		if err != nil {
			return &Error{fmt.Sprintf("%s:%d", file, value.Line), fmt.Errorf("%s: %w", k.Name, err)}
		}
	}
	return nil
}

func scalar(n *yaml.Node) (string, error) {
	switch n.Kind {
	case yaml.ScalarNode:
		if n.Tag == "!!null" {
			return "", errors.New("a value is missing")
		}
		return n.Value, nil
	case yaml.SequenceNode:
		var list []string
		for _, e := range n.Content {
			if e.Kind != yaml.ScalarNode {
				return "", errors.New("a list of single values is expected")
			}
			list = append(list, e.Value)
		}
		return strings.Join(list, ","), nil
	}
	return "", errors.New("a single value is expected")
}

// yamlPlace takes "yaml: line N: reason" apart.
func yamlPlace(err error) (line int, reason string) {
	reason = strings.TrimPrefix(err.Error(), "yaml: ")
	if n, scanErr := fmt.Sscanf(reason, "line %d:", &line); scanErr == nil && n == 1 {
		_, reason, _ = strings.Cut(reason, ": ")
		return line, reason
	}
	return 1, reason
}

// unknownKey names the key that was probably meant.
func unknownKey(name string) error {
	best, distance := "", 4
	for i := range Keys {
		if d := editDistance(name, Keys[i].Name); d < distance {
			best, distance = Keys[i].Name, d
		}
	}
	if best != "" {
		return fmt.Errorf("unknown key %q; is %q meant?", name, best)
	}
	return fmt.Errorf("unknown key %q", name)
}

func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}
