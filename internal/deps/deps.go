// Package deps holds modules in go.mod that code under way is about to use. It is empty between times.
package deps

import (
	_ "golang.org/x/time/rate"
)
