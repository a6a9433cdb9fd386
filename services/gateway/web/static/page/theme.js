// A classic script, so that a chosen theme is there before the first paint.
{
  let theme = null;
  try { theme = localStorage.getItem('natter.theme'); } catch { /* follows the system */ }
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
}
