/** A key that is the same for all moments of one day here. */
export function dayKey(at) {
  const day = new Date(at);
  return `${day.getFullYear()}-${day.getMonth() + 1}-${day.getDate()}`;
}
