//go:build e2e

package e2e_test

import "strings"

// hostileWords are texts that would run a script, or load something, in a page
// that takes any of them for more than text.
func hostileWords() []string {
	words := []string{
		`javascript:pwned=1`, `JaVaScRiPt:pwned=1`, "java\tscript:pwned=1", `data:text/html,<script>parent.pwned=1</script>`, `vbscript:pwned=1`,
		`https://example.com/"onmouseover="pwned=1`, `https://example.com/'onfocus='pwned=1' autofocus='`, `https://example.com/<script>pwned=1</script>`,
		`https://javascript:pwned=1@example.com`, `http://example.com\@evil.example`, `https://example.com#"><img src=x onerror=pwned=1>`, `//evil.example/x.js`,
		"[a](javascript:pwned=1)", "![x](x\"onerror=\"pwned=1)", "**<img src=x onerror=pwned=1>**", "_<svg onload=pwned=1>_", "`<script>pwned=1</script>`", "~~<iframe src=javascript:pwned=1>~~",
		"```\n</code></pre><script>pwned=1</script>\n```", "```html onload=pwned=1\n<img src=x onerror=pwned=1>\n```", "> <img src=x onerror=pwned=1>", "<@\"><img/src=x/onerror=pwned=1//>", "<@__proto__>", "<@constructor>",
		`{{constructor.constructor('pwned=1')()}}`, `${pwned=1}`, `#{pwned=1}`, `<%= pwned=1 %>`, `[[pwned=1]]`, `'-pwned=1-'`, `";pwned=1;//`, `\";pwned=1;//`, `</script><script>pwned=1</script>`, `<!--<img src="--><img src=x onerror=pwned=1>`,
		`--><script>pwned=1</script>`, `<![CDATA[<script>pwned=1</script>]]>`, `]]><script>pwned=1</script>`, `*/pwned=1/*`, `</style><script>pwned=1</script>`, `</title><script>pwned=1</script>`, `</textarea><script>pwned=1</script>`, `</noscript><script>pwned=1</script>`,
		"\u202e>tpircs/<1=denwp>tpircs<", "<scr\u00adipt>pwned=1</scr\u00adipt>", "\ufeff<script>pwned=1</script>", "＜script＞pwned=1＜/script＞", "\u2028pwned=1\u2029", `&lt;script&gt;pwned=1&lt;/script&gt;`, `&#60;script&#62;pwned=1&#60;/script&#62;`, `\u003cscript\u003epwned=1\u003c/script\u003e`, `%3Cscript%3Epwned=1%3C/script%3E`,
		`<a href=//evil.example>x</a>`, `<a href="jav&#x61;script:pwned=1">x</a>`, `<a href="javascript&colon;pwned=1">x</a>`, "<a href=\"java&Tab;script:pwned=1\">x</a>", `<a ping=//evil.example href=/>x</a>`, `<base href=//evil.example>`, `<meta http-equiv=refresh content="0;url=//evil.example">`,
		`<link rel=stylesheet href=//evil.example/x.css>`, `<link rel=prefetch href=//evil.example>`, `<style>@import '//evil.example/x.css'</style>`, `<style>*{background:url(//evil.example)}</style>`, `<div style="background:url(//evil.example)">`, `<p style="behavior:url(x)">`,
		`<form action=javascript:pwned=1><button>x</button></form>`, `<form><button formaction=javascript:pwned=1>x</button></form>`, `<isindex action=javascript:pwned=1 type=submit>`, `<input type=image src=x onerror=pwned=1>`, `<button onclick=pwned=1 autofocus>x</button>`,
		`<object data=javascript:pwned=1></object>`, `<embed src=javascript:pwned=1>`, `<iframe srcdoc="<script>parent.pwned=1</script>"></iframe>`, `<portal src=//evil.example>`, `<frameset onload=pwned=1>`, `<applet code=pwned>`,
		`<math><mtext><table><mglyph><style><img src=x onerror=pwned=1></style>`, `<math href=javascript:pwned=1>x</math>`, `<svg><script>pwned=1</script></svg>`, `<svg><animate onbegin=pwned=1 attributeName=x dur=1s>`, `<svg><a xlink:href=javascript:pwned=1><text>x</text></a></svg>`,
		`<svg><use href="data:image/svg+xml,<svg id=x onload=pwned=1>#x"></svg>`, `<svg><foreignObject><iframe onload=pwned=1></foreignObject></svg>`, `<svg><set attributeName=onmouseover to=pwned=1>`, `<template><script>pwned=1</script></template>`, `<noscript><p title="</noscript><img src=x onerror=pwned=1>">`,
		`<xmp><script>pwned=1</script></xmp>`, `<plaintext>`, `<img src="x:x" onerror="pwned=1`, "<img src=x\nonerror\n=\npwned=1>", `<img/src=x/onerror=pwned=1>`, "<img src=`x`onerror=pwned=1>", `<<img src=x onerror=pwned=1>>`, `<img srcset=//evil.example/x.png>`, `<picture><source srcset=//evil.example/x.png><img></picture>`,
		`<image href=x onerror=pwned=1>`, `<x contenteditable onblur=pwned=1>x</x>`, `<x onclick=pwned=1>x`, `<custom-el is=pwned onfocus=pwned=1 tabindex=0 autofocus>`, `<bdo dir=rtl onmouseover=pwned=1>x</bdo>`, `<ruby onpointerenter=pwned=1>x</ruby>`,
	}
	// Every way for an element to run something by itself.
	for element, event := range map[string]string{
		"audio src=x": "onerror", "video src=x": "onerror", "video poster=x": "onloadstart", "body": "onload", "details open": "ontoggle", "marquee": "onstart", "select autofocus": "onfocus",
		"textarea autofocus": "onfocus", "input autofocus": "onfocus", "keygen autofocus": "onfocus", "track src=x": "onerror", "object data=x": "onerror", "script src=x": "onerror", "style": "onload", "svg": "onload",
		"img src=x": "onerror", "iframe": "onload", "dialog open": "onclose", "div popover": "onbeforetoggle", "p style=animation:x": "onanimationstart", "link rel=stylesheet href=x": "onerror",
	} {
		words = append(words, "<"+element+" "+event+"=pwned=1>", strings.ToUpper("<"+element+" "+event)+`="pwned=1">`)
	}
	return words
}
