import { createDetails } from './details.ts';
import { byId, setText } from './dom.ts';
import { createExplain } from './explain.ts';
import { age, clockTime } from './format.ts';
import { createEvents, createPools, showDoor, showTotals } from './panels.ts';
import { createPicture } from './picture.ts';
import { createPlots } from './plots.ts';
import { takeToken } from './requests.ts';
import { createServerList } from './server-list.ts';
import { openStream } from './stream.ts';

const AWAY_LOOK_MS = 1_000;

function start(): void {
  takeToken();
  const picture = createPicture();
  const details = createDetails();
  const isNarrow = matchMedia('(max-width: 900px)');
  const showDetails = (): void => details.show(list.chosen(), picture.info?.mayCrash ?? false);
  const list = createServerList(picture, (isByHand) => {
    showDetails();
    // On a phone it is far below the list.
    if (isByHand && isNarrow.matches) byId('details').scrollIntoView({ block: 'nearest' });
  });
  const showPlots = createPlots(byId('plots'));
  const showPools = createPools();
  const showEvents = createEvents();
  createExplain();
  const link = createLink();

  let isWaiting = false;
  let build: string | undefined;
  const show = (): void => {
    isWaiting = false;
    setText(byId('title'), picture.info?.title ?? '');
    showTotals(picture);
    showPools(picture);
    list.show();
    showDetails();
    showDoor(picture);
    showEvents(picture.events);
    showPlots(picture.points);
  };
  openStream({
    onStep(step) {
      build ??= step.info?.build;
      if (step.info && step.info.build !== build) location.reload();
      picture.apply(step, performance.now());
      // Nobody looks: the numbers are kept, and drawn once the page is seen again.
      if (document.hidden || isWaiting) return;
      isWaiting = true;
      requestAnimationFrame(show);
    },
    onLink: link,
  });
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) show();
  });
}

/** Says whether the picture is live; without a connection since when it is not. */
function createLink(): (isUp: boolean) => void {
  const away = byId('away');
  const link = byId('link');
  let lostAt: number | undefined;
  const say = (): void => {
    if (lostAt === undefined) return;
    const since = `No connection since ${clockTime(lostAt)} (${age(Date.now() - lostAt)}).`;
    setText(away, `${since} This is the last picture; trying again.`);
  };
  setInterval(say, AWAY_LOOK_MS);
  return (isUp) => {
    if (!isUp) lostAt ??= Date.now();
    else lostAt = undefined;
    away.hidden = isUp;
    document.body.classList.toggle('away', !isUp);
    link.classList.toggle('live', isUp);
    setText(link, isUp ? 'live' : 'no connection');
    say();
  };
}

start();
