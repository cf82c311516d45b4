package main

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// TestBrowserCarrier is the page of `demo --carrier twilio`: a telephone calls Bob and is called by him, the page shows what is
// open at the carrier and the webhooks as they pass.
func TestBrowserCarrier(t *testing.T) {
	b := openBrowserWith(t, "twilio")
	button := func(what, label string) {
		b.do(what, chromedp.Click(`//section[@aria-labelledby="carrier-title"]//button[contains(., "`+label+`")]`))
	}
	b.until("the carrier's panel", `document.querySelector("#carrier-title")?.textContent === "Twilio Voice" && ringtrip.phones().length === 2 && ringtrip.phones().every(p => p.screen)`)
	telephone := `[...document.querySelectorAll("[aria-labelledby=carrier-title] .row")].find(r => r.textContent.includes("+15557654321")).textContent`
	b.do("the telephone calls", chromedp.Click(`//section[@aria-labelledby="carrier-title"]//div[p/b[contains(., "+1555")]]/button`))
	b.inLab("Bob's phone rings", func() bool { return b.lab.Devices[bob].Phone.Screen().Ringing() })
	b.until("the telephone hears it", telephone+`.includes("Hears it ring")`)
	if err := b.lab.Devices[bob].Phone.Answer(); err != nil {
		t.Fatal(err)
	}
	b.until("the telephone talks", telephone+`.includes("Talks")`)
	b.until("webhooks are shown", `document.querySelectorAll(".hooks li b").length > 3 && [...document.querySelectorAll(".hooks li i")].every(i => i.textContent === "200" || i.textContent === "204")`)
	b.until("both legs are shown", `document.querySelectorAll("[aria-labelledby=carrier-title] .display li").length === 2`)
	b.until("the ledger is shown", `(ringtrip.ledger()?.entries ?? []).length > 5 || document.body.innerText.includes("CallSid")`)
	b.shootAll("carrier")
	for _, width := range []int64{390, 1440} {
		b.do("viewport", chromedp.EmulateViewport(width, 1000))
		b.until("nothing is cut off", `document.documentElement.scrollWidth <= innerWidth`)
	}
	button("the telephone hangs up", "Hang up")
	b.until("it is over", telephone+`.includes("Over")`)
	b.until("nothing is open", `document.querySelector("[aria-labelledby=carrier-title] [role=status]").textContent === "Nothing open"`)

	if err := b.lab.Devices[bob].Phone.Unlock(); err != nil {
		t.Fatal(err)
	}
	button("Bob calls the telephone", "calls this telephone")
	b.until("it rings", telephone+`.includes("Rings")`)
	button("it is answered", "Answer")
	b.until("it talks", telephone+`.includes("Talks")`)
	button("the carrier goes down", "Let it go down")
	b.until("it is over", telephone+`.includes("Over")`)
	b.inLab("Bob's phone shows no call", func() bool { return b.lab.Devices[bob].Phone.Screen().Call == nil })
	button("it comes back", "Bring it back")
	b.until("nothing is open", `document.querySelector("[aria-labelledby=carrier-title] [role=status]").textContent === "Nothing open"`)
}
