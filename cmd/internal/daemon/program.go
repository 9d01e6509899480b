package daemon

import (
	"github.com/spf13/cobra"

	"libckpt/internal/config"
	"libckpt/internal/release"
)

// Program is a daemon's command line: configuration keys as flags, and nothing else.
type Program struct {
	Name        string
	Daemon      config.Daemon // whose keys it has
	Run         func(*config.Config) error
	Short, Long string // help
}

// Main runs the program and ends the process.
func (p *Program) Main() {
	cmd := &cobra.Command{
		Use:           p.Name,
		Short:         p.Short,
		Long:          p.Long,
		Args:          cobra.NoArgs,
		Version:       release.Version,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := config.Load(cmd.Flags())
			if err != nil {
				return err
			}
			return p.Run(c)
		},
	}
	config.Flags(cmd.Flags(), p.Daemon)
	WrapHelp(cmd)
	Main(p.Name, cmd.Execute)
}
