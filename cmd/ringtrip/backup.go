package main

import (
	"context"
	"fmt"

	"github.com/ringtrip/ringtrip/store/sqlite"
)

// backupCmd copies the database to a file, while the server runs or not.
type backupCmd struct {
	File string `arg:"" help:"The file to write; it must not exist."`
	Data string `help:"Folder of the database, as the server has it." default:"ringtrip-data" placeholder:"DIR"`
}

// Run writes the backup and says what it holds.
func (c *backupCmd) Run(ctx context.Context, o out) error {
	info, err := sqlite.Backup(ctx, c.Data, c.File)
	if err != nil {
		return err
	}
	fmt.Fprintf(o, "wrote %s: %s\nkeep it as safe as the server: push tokens and the secret of action tokens are in it\n", c.File, info)
	return nil
}

// restoreCmd makes a backup the database.
type restoreCmd struct {
	File  string `arg:"" help:"A file that ringtrip backup wrote."`
	Data  string `help:"Folder of the database, as the server has it." default:"ringtrip-data" placeholder:"DIR"`
	Force bool   `help:"If there is a database already, set it aside. Without this it is refused."`
}

// Run restores the backup and says what it holds.
func (c *restoreCmd) Run(ctx context.Context, o out) error {
	done, err := sqlite.Restore(ctx, c.File, c.Data, c.Force)
	if err != nil {
		return err
	}
	fmt.Fprintf(o, "restored %s to %s: %s\n", c.File, c.Data, done.Info)
	if !done.Opened.IsZero() {
		fmt.Fprintf(o, "its server had last started at %s\n", done.Opened.Format("2006-01-02 15:04:05 MST"))
	}
	if done.Aside != "" {
		fmt.Fprintf(o, "the database that was there is now %s\n", done.Aside)
	}
	return nil
}
