package config

import (
	"fmt"
	"strings"
)

// Reference is the table of keys in Markdown, as it stands in docs/configuration.md.
func Reference() string {
	var b strings.Builder
	b.WriteString("| key (flag `--key`) | environment | value | default | used by | meaning |\n|---|---|---|---|---|---|\n")
	for i := range Keys {
		k := &Keys[i]
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s | %s | %s |\n",
			k.Name, k.Environment(), k.Kind, k.Default, strings.Join(k.Daemons.names(), ", "), k.Help)
	}
	return b.String()
}

func (d Daemon) names() []string {
	var names []string
	for _, p := range []struct {
		bit  Daemon
		name string
	}{{Up, "ckpt up"}, {Node, "ckptnd"}, {Director, "ckptd"}} {
		if d&p.bit != 0 {
			names = append(names, p.name)
		}
	}
	return names
}
