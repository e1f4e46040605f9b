// The theme that was chosen on the product's pages; without a choice, the system's.
const chosen = document.cookie.match(/(?:^|; )theme=(light|dark)\b/)
document.documentElement.dataset.theme = chosen ? chosen[1] : "auto"
